import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DockerApi } from './docker-api';
import { folders } from './folders';
import { needPackages, postgresTools } from './packages';

/** Names with this prefix are never looked up in a registry of the outside world. */
const PREFIX = 'localhost/';

/** A shell and the usual commands, from Debian's static busybox. */
export async function makeBusyboxImage(docker: DockerApi, name: string, command: string[] = ['sh']): Promise<string> {
  return make(docker, name, command, () => undefined);
}

/** The same, and psql with a folder of files: what an image based on `postgres:alpine` would hold. */
export async function makePsqlImage(docker: DockerApi, name: string, files: string, command: string[]): Promise<string> {
  return make(docker, name, command, (root) => {
    const psql = join(postgresTools(), 'psql');
    copyInto(root, psql, '/usr/bin/psql');
    for (const library of execFileSync('ldd', [psql], { encoding: 'utf8' }).matchAll(/(?:=> )?(\/\S+) \(/g)) {
      copyInto(root, realpathSync(library[1]), library[1]);
    }
    cpSync(files, root, { recursive: true });
  });
}

/** Tags an image with what is in it, as the CDK does with its assets: other content, other reference. */
async function make(docker: DockerApi, name: string, command: string[], fill: (root: string) => void): Promise<string> {
  needPackages('Making an image', ['busybox-static']);
  const root = mkdtempSync(join(folders.run, 'image-'));
  copyInto(root, '/bin/busybox', '/bin/busybox');
  mkdirSync(join(root, 'tmp'), { mode: 0o1777 });
  for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (applet !== 'busybox') {
      symlinkSync('busybox', join(root, 'bin', applet));
    }
  }
  fill(root);
  const tag = fingerprint(root, command);
  const tar = spawn('tar', ['--create', '--owner=0', '--group=0', '--directory', root, '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await docker.importImage(PREFIX + name, tag, command, tar.stdout);
  rmSync(root, { recursive: true });
  return `${PREFIX}${name}:${tag}`;
}

function copyInto(root: string, source: string, path: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  copyFileSync(source, join(root, path));
}

function fingerprint(root: string, command: string[]): string {
  const hash = createHash('sha256').update(command.join('\0'));
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true }).sort((a, b) => pathOf(a) < pathOf(b) ? -1 : 1)) {
    hash.update(pathOf(entry).slice(root.length));
    if (entry.isFile()) {
      hash.update(readFileSync(pathOf(entry)));
    }
  }
  return hash.digest('hex').slice(0, 12);
}

const pathOf = (entry: { parentPath: string; name: string }): string => join(entry.parentPath, entry.name);
