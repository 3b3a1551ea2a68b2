import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Debian's packages that the engine uses, and the file that shows that each is there. */
const PACKAGES = {
  'podman': '/usr/bin/podman',
  'runc': '/usr/sbin/runc',
  'conmon': '/usr/bin/conmon',
  'containernetworking-plugins': '/usr/lib/cni/bridge',
  'iproute2': '/bin/ip',
  'busybox-static': '/bin/busybox',
} as const;

type DebianPackage = keyof typeof PACKAGES;

/**
 * Installs what is missing, only as root on Debian, and says so first. Everywhere else it names the command to type:
 * a demo must not ask for a password.
 */
export function needPackages(purpose: string, needed: DebianPackage[]): void {
  const missing = needed.filter((name) => !existsSync(PACKAGES[name]));
  if (missing.length > 0) {
    installPackages(purpose, missing);
  }
}

export function installPackages(purpose: string, missing: string[]): void {
  const install = ['install', '--yes', '--no-install-recommends', ...missing];
  if (!existsSync('/usr/bin/apt-get')) {
    throw new Error(`${purpose} needs what Debian packages as ${missing.join(', ')}: install it, then start again.`);
  }
  if (process.getuid?.() !== 0) {
    throw new Error(`${purpose} needs packages that are missing. Type this, then start again:\n\n  sudo apt-get update && sudo apt-get ${install.join(' ')}\n`);
  }
  console.log(`  ${purpose} needs Debian packages that are missing. Installing them: apt-get ${install.join(' ')}`);
  for (const args of [['update', '--quiet'], ['--quiet', ...install]]) {
    run('apt-get', args, { DEBIAN_FRONTEND: 'noninteractive' });
  }
}

/** A virtual environment with exactly the versions of the requirements. */
export function installFromPypi(purpose: string, folder: string, requirementsFile: string): string {
  const requirements = readFileSync(requirementsFile, 'utf8');
  const stamp = join(folder, 'installed-requirements.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === requirements) {
    return folder;
  }
  if (spawnSync('python3', ['-c', 'import ensurepip, venv']).status !== 0) {
    installPackages(purpose, ['python3-venv']);
  }
  console.log(`  Installing ${purpose} with pip`);
  rmSync(folder, { recursive: true, force: true });
  run('python3', ['-m', 'venv', folder]);
  run(join(folder, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', '--requirement', requirementsFile]);
  writeFileSync(stamp, requirements);
  return folder;
}

/** Runs a command, and tells what it has printed if it fails. */
export function run(command: string, args: string[], env: Record<string, string> = {}): string {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...env } });
  if (status !== 0) {
    throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? ''}\n${stdout}${stderr}`);
  }
  return stdout;
}

/** Debian keeps the servers and tools of each version of PostgreSQL apart; the newest one is used. */
export function postgresTools(): string {
  if (postgresVersions().length === 0) {
    const before = databaseClusters();
    installPackages('PostgreSQL', ['postgresql']);
    // Where there is an init system, Debian starts a server of its own with the installation. Nobody has asked for it.
    for (const cluster of databaseClusters().filter((name) => !before.includes(name))) {
      spawnSync('pg_ctlcluster', [...cluster.split('/'), 'stop']);
    }
  }
  return `/usr/lib/postgresql/${postgresVersions().sort((a, b) => Number(b) - Number(a))[0]}/bin`;
}

const entries = (folder: string): string[] => existsSync(folder) ? readdirSync(folder) : [];

const postgresVersions = (): string[] =>
  entries('/usr/lib/postgresql').filter((version) => existsSync(`/usr/lib/postgresql/${version}/bin/postgres`));

/** As `version/name`. */
const databaseClusters = (): string[] =>
  entries('/etc/postgresql').flatMap((version) => entries(`/etc/postgresql/${version}`).map((name) => `${version}/${name}`));
