import { execFile } from 'node:child_process';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packages, version } from './packages';
import { checkout } from '../e2e/engine/folders';

/** There for npm, Python, Java and Go (where go.mod says it again). All other tests take aws-cdk-lib from npm. */
const CDK = '2.263.0';

const { peerDependencies } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));

/** Has all that the apps install and download; the next run uses it again. */
const local = join(checkout, '.local');

/** An app, what to run in a copy of its folder, and what in `.local/` is of an earlier build. */
interface App {
  readonly source: string;
  readonly commands: string[][];
  readonly stale?: string[];
}

/** Into the folder of the app: without the prefix npm looks for a manifest further up, and finds that of this checkout. */
const npmInstall = (...what: string[]) =>
  ['npm', 'install', '--prefix', '.', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error', packages.npm, ...what];
const ownTool = (name: string) => join(checkout, 'node_modules', '.bin', name);

const APPS: { [name: string]: App } = {
  TypeScript: {
    source: 'typescript',
    commands: [npmInstall(`aws-cdk-lib@${CDK}`, 'constructs@10.6.0'), [ownTool('tsx'), 'app.ts']],
    stale: ['languages/TypeScript/node_modules'],
  },
  Lowest: {
    source: 'typescript',
    commands: [
      npmInstall(...Object.entries<string>(peerDependencies).map(([name, range]) => `${name}@${range.replace('^', '')}`)),
      // With the declarations checked too: those of the package must not need a package that its users do not have.
      [ownTool('tsc'), '--ignoreConfig', '--strict', '--module', 'node16', '--moduleResolution', 'node16', '--target', 'es2022',
        '--types', 'node', '--typeRoots', join(checkout, 'node_modules', '@types'), 'app.ts'],
      ['node', 'app.js'],
    ],
    stale: ['languages/Lowest/node_modules'],
  },
  Python: {
    source: 'python',
    commands: [
      ['python3', '-m', 'venv', 'venv'],
      ['venv/bin/pip', 'install', '--quiet', '--disable-pip-version-check', `aws-cdk-lib==${CDK}`, packages.wheel],
      ['venv/bin/pip', 'install', '--quiet', '--disable-pip-version-check', '--force-reinstall', '--no-deps', packages.wheel],
      ['venv/bin/python', 'app.py'],
    ],
  },
  Java: {
    source: 'java',
    commands: [['mvn', '--quiet', '--batch-mode', `-Dmaven.repo.local=${join(local, 'maven')}`, `-Dcdk=${CDK}`, `-Dbuilt=${version}`, 'compile', 'exec:java']],
    stale: ['maven/io/github/cdkecsruntask'],
  },
  Go: {
    source: 'go',
    commands: [['go', 'build', '-mod=mod'], ['./shop']],
  },
};

const templateInTypeScript = synthesize('TypeScript');

test.concurrent.each(['Python', 'Java', 'Go'])('an app in %s has the template of the one in TypeScript, resource by resource', async (language) => {
  const [template, inTypeScript] = await Promise.all([synthesize(language), templateInTypeScript]);

  expect(template).toEqual(inTypeScript);
});

test.concurrent('an app with the lowest versions that the package allows compiles and synthesizes', async () => {
  const [template, inTypeScript] = await Promise.all([synthesize('Lowest'), templateInTypeScript]);
  const [runs, runsInTypeScript] = [template, inTypeScript].map(({ Resources }) =>
    Object.values(Resources).filter(({ Type }) => Type === 'Custom::EcsRunTask'));

  expect(runs).toHaveLength(2);
  expect(runs).toEqual(runsInTypeScript);
});

async function synthesize(name: string): Promise<{ Resources: { [logicalId: string]: { Type: string } } }> {
  const { source, commands, stale = [] } = APPS[name];
  const cwd = join(local, 'languages', name);
  [`languages/${name}/cdk.out`, ...stale].forEach((path) => rmSync(join(local, path), { recursive: true, force: true }));
  cpSync(join(__dirname, source), cwd, { recursive: true });
  for (const [command, ...args] of commands) {
    await run(cwd, command, args);
  }
  return JSON.parse(readFileSync(join(cwd, 'cdk.out', 'Shop.template.json'), 'utf8'));
}

async function run(cwd: string, command: string, args: string[]): Promise<void> {
  const env = { ...process.env, CDK_OUTDIR: 'cdk.out', GOMODCACHE: join(local, 'go'), GOCACHE: join(local, 'go-build') };
  await promisify(execFile)(command, args, { cwd, env }).catch((error) => {
    throw new Error(`${command} ${args.join(' ')} failed: ${error.message}\n${error.stdout}`);
  });
}
