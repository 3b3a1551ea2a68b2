import { execFile, spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packages, version } from './packages';
import { checkout } from '../e2e/engine/folders';

/** There for npm, Python, Java and Go (where go.mod says it again). All other tests take aws-cdk-lib from npm. */
const CDK = '2.263.0';

const { peerDependencies } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));

/** Has all that the apps install and download; the next run uses it again. */
const local = join(checkout, '.local');

/** An app, what to run in a copy of its folder, what in `.local/` is of an earlier build, and whom it would get in the way of. */
interface App {
  readonly source: string;
  readonly commands: string[][];
  readonly stale?: string[];
  readonly after?: string;
}

/** Into the folder of the app: without the prefix npm looks for a manifest further up, and finds that of this checkout. */
const npmInstall = (...what: string[]) =>
  ['npm', 'install', '--prefix', '.', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error', packages.npm, ...what];
/** The version stays the same from build to build, so that pip would keep the package of an earlier one. */
const pipInstall = (...what: string[]) => {
  const install = ['venv/bin/pip', 'install', '--quiet', '--disable-pip-version-check'];
  return [['python3', '-m', 'venv', 'venv'], [...install, `aws-cdk-lib==${CDK}`, ...what], [...install, '--force-reinstall', '--no-deps', packages.wheel]];
};
/** The release has put its package there, beside what it has downloaded. */
const mavenRepository = `-Dmaven.repo.local=${join(local, 'maven')}`;
const ownTool = (name: string) => join(checkout, 'node_modules', '.bin', name);

const APPS: { [name: string]: App } = {
  'TypeScript': {
    source: 'test/languages/typescript',
    commands: [npmInstall(`aws-cdk-lib@${CDK}`, 'constructs@10.6.0'), [ownTool('tsx'), 'app.ts']],
    stale: ['languages/TypeScript/node_modules'],
  },
  'Lowest': {
    source: 'test/languages/typescript',
    commands: [
      npmInstall(...Object.entries<string>(peerDependencies).map(([name, range]) => `${name}@${range.replace('^', '')}`)),
      // With the declarations checked too: those of the package must not need a package that its users do not have.
      [ownTool('tsc'), '--ignoreConfig', '--strict', '--module', 'node16', '--moduleResolution', 'node16', '--target', 'es2022',
        '--types', 'node', '--typeRoots', join(checkout, 'node_modules', '@types'), 'app.ts'],
      ['node', 'app.js'],
    ],
    stale: ['languages/Lowest/node_modules'],
  },
  'Python': {
    source: 'test/languages/python',
    commands: [...pipInstall(packages.wheel), ['venv/bin/python', 'app.py']],
  },
  'Java': {
    source: 'test/languages/java',
    commands: [['mvn', '--quiet', '--batch-mode', mavenRepository, `-Dcdk=${CDK}`, `-Dbuilt=${version}`, 'compile', 'exec:java']],
  },
  'Go': {
    source: 'test/languages/go',
    commands: [['go', 'build', '-mod=mod'], ['./shop']],
  },
  '.NET': {
    source: 'test/languages/dotnet',
    commands: [['dotnet', 'run', '--project', 'Shop.csproj', `-p:Cdk=${CDK}`]],
  },
  'python-app': {
    source: 'examples/python-app',
    commands: [
      ...pipInstall('--find-links', dirname(packages.wheel), '--requirement', 'requirements.txt'),
      ['sh', '-c', `. venv/bin/activate && ${commandOf('python-app')}`],
    ],
  },
  'java-app': {
    source: 'examples/java-app',
    commands: [['sh', '-c', `${commandOf('java-app')} --batch-mode ${mavenRepository} -Dcdk-ecs-run-task.version=${version}`]],
    after: 'Java', // Maven's repository is not for two at once
  },
};

const made = new Map<string, Promise<Template>>();

const hasDotnet = spawnSync('dotnet', ['--version']).status === 0;
if (!hasDotnet) {
  console.warn('There is no dotnet on the path: the sources for .NET are generated, but neither compiled nor run.');
}
const LANGUAGES = ['Python', 'Java', 'Go', ...hasDotnet ? ['.NET'] : []];

test.concurrent.each(LANGUAGES)('an app in %s has the template of the one in TypeScript, resource by resource', async (language) => {
  const [template, inTypeScript] = await Promise.all([language, 'TypeScript'].map(templateOf));

  expect(template).toEqual(inTypeScript);
});

(hasDotnet ? test : test.skip)('.NET is tested, since there is a dotnet on the path', () => {
  expect(LANGUAGES).toContain('.NET');
});

test.concurrent('an app with the lowest versions that the package allows compiles and synthesizes', async () => {
  const [template, inTypeScript] = await Promise.all(['Lowest', 'TypeScript'].map(templateOf));
  const [runs, runsInTypeScript] = [template, inTypeScript].map(({ Resources }) =>
    Object.values(Resources).filter(({ Type }) => Type === 'Custom::EcsRunTask'));

  expect(runs).toHaveLength(2);
  expect(runs).toEqual(runsInTypeScript);
});

test.concurrent.each([
  ['python-app', 'Custom::EcsRunTask', 'AWS::RDS::DBInstance'],
  ['python-app', 'AWS::ECS::Service', 'Custom::EcsRunTask'],
  ['java-app', 'Custom::EcsRunTask', 'AWS::RDS::DBInstance'],
  ['java-app', 'AWS::ECS::Service', 'Custom::EcsRunTask'],
])('in the example %s, the %s waits for the %s', async (example, later, earlier) => {
  const resources = Object.entries((await templateOf(example)).Resources);
  const [[first]] = resources.filter(([, { Type }]) => Type === earlier);

  expect(resources.filter(([, { Type }]) => Type === later).map(([, { DependsOn }]) => DependsOn)).toEqual([expect.arrayContaining([first])]);
});

interface Template {
  readonly Resources: { [logicalId: string]: { Type: string; DependsOn?: string[] } };
}

/** What the CLI would run. */
function commandOf(example: string): string {
  return JSON.parse(readFileSync(join(checkout, 'examples', example, 'cdk.json'), 'utf8')).app;
}

function templateOf(name: string): Promise<Template> {
  const template = made.get(name) ?? synthesize(name);
  made.set(name, template);
  return template;
}

async function synthesize(name: string): Promise<Template> {
  const { source, commands, stale = [], after } = APPS[name];
  if (after) {
    await templateOf(after);
  }
  const cwd = join(local, 'languages', name);
  [`languages/${name}/cdk.out`, ...stale].forEach((path) => rmSync(join(local, path), { recursive: true, force: true }));
  const isMade = (path: string) => ['.venv', 'cdk.out', 'target', 'bin', 'obj'].includes(basename(path)); // by who has deployed it
  cpSync(join(checkout, source), cwd, { recursive: true, filter: (path) => !isMade(path) });
  for (const [command, ...args] of commands) {
    await run(cwd, command, args);
  }
  const [template] = readdirSync(join(cwd, 'cdk.out')).filter((file) => file.endsWith('.template.json'));
  return JSON.parse(readFileSync(join(cwd, 'cdk.out', template), 'utf8'));
}

async function run(cwd: string, command: string, args: string[]): Promise<void> {
  const env = {
    ...process.env, CDK_OUTDIR: 'cdk.out', GOMODCACHE: join(local, 'go'), GOCACHE: join(local, 'go-build'), NUGET_PACKAGES: join(local, 'nuget'),
  };
  await promisify(execFile)(command, args, { cwd, env }).catch((error) => {
    throw new Error(`${command} ${args.join(' ')} failed: ${error.message}\n${error.stdout}`);
  });
}
