import { execFileSync } from 'child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import * as path from 'path';
import { Template } from 'aws-cdk-lib/assertions';
import { RESOURCE_TYPE } from '../../src/contract';

const ROOT = path.join(__dirname, '..', '..');
const EXAMPLES = path.join(ROOT, 'examples');

/** The one that is run by its command, as the CLI does it. The others come faster in this process, which has the CDK loaded. */
const BY_COMMAND = 'database-migration';

/** What an example asks its user for. */
const CONTEXT: { [example: string]: { [name: string]: string } } = {
  'database-migration': { databaseSecret: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:database-AbCdEf' },
};

/** Where the app of an example begins, by its language. Those in Python and Java are synthesized by `npm run test:languages`. */
const APPS = ['app.ts', 'app.py', 'src/main/java/com/example/shop/ShopApp.java'];

const examples = readdirSync(EXAMPLES).filter((name) => existsSync(path.join(EXAMPLES, name, 'cdk.json')));
const appOf = (example: string) => APPS.find((app) => existsSync(path.join(EXAMPLES, example, app)))!;
const inTypeScript = examples.filter((example) => appOf(example) === 'app.ts');
const settings = (example: string) => JSON.parse(readFileSync(path.join(EXAMPLES, example, 'cdk.json'), 'utf8'));

/** The templates that an example makes without an account. A template with a cycle is an error. */
function synthesize(example: string): Template[] {
  const outdir = mkdtempSync(path.join(tmpdir(), 'example-'));
  const { app, context } = settings(example);
  const environment = { CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify({ ...context, ...CONTEXT[example] }) };
  try {
    if (example === BY_COMMAND) {
      runCommand(example, app, environment);
    } else {
      runHere(example, environment);
    }
    const files = readdirSync(outdir, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.template.json'));
    return files.map((file) => Template.fromJSON(JSON.parse(readFileSync(path.join(outdir, file), 'utf8'))));
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

function runCommand(example: string, command: string, environment: NodeJS.ProcessEnv): void {
  const PATH = [path.join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(path.delimiter);
  execFileSync('sh', ['-c', command], {
    cwd: path.join(EXAMPLES, example), env: { PATH, HOME: process.env.HOME, ...environment }, stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** An app synthesizes itself before the process ends. */
function runHere(example: string, environment: NodeJS.ProcessEnv): void {
  const { env } = process;
  process.env = { ...env, ...environment };
  try {
    jest.requireActual(path.join(EXAMPLES, example, 'app.ts'));
    process.emit('beforeExit', 0);
  } finally {
    process.env = env;
    process.removeAllListeners('beforeExit'); // of one that failed
  }
}

const made = new Map<string, Template[]>();

function templatesOf(example: string): Template[] {
  const templates = made.get(example) ?? synthesize(example);
  made.set(example, templates);
  return templates;
}

describe.each(examples)('the example %s', (example) => {
  test('explains what it is, why, what it costs, and how to run it', () => {
    const [header] = /^((\/\/|#) .*\n)+/.exec(readFileSync(path.join(EXAMPLES, example, appOf(example)), 'utf8')) ?? [''];

    expect([...header.matchAll(/^\S+ (\w+): /gm)].map(([, word]) => word)).toEqual(['What', 'Why', 'Cost', 'Run']);
  });

  test('is in the table of the examples', () => {
    expect(readFileSync(path.join(EXAMPLES, 'README.md'), 'utf8')).toContain(`[${example}](${example}/${appOf(example)})`);
  });
});

describe.each(inTypeScript)('the example %s', (example) => {
  test('runs a task', () => {
    expect(templatesOf(example).flatMap((template) => Object.keys(template.findResources(RESOURCE_TYPE)))).not.toEqual([]);
  }, 120_000);

  test('has the same command as the example that a test runs by its command', () => {
    expect(settings(example).app).toBe(settings(BY_COMMAND).app);
  });
});

test.each([
  ['aurora-migration', RESOURCE_TYPE, 'AWS::RDS::DBInstance'],
  ['aurora-migration', 'AWS::ECS::Service', RESOURCE_TYPE],
  ['database-migration', 'AWS::ECS::Service', RESOURCE_TYPE],
  ['service-migration', 'AWS::ECS::Service', RESOURCE_TYPE],
  ['smoke-test', RESOURCE_TYPE, 'AWS::ECS::Service'],
])('in the example %s, the %s waits for the %s', (example, later, earlier) => {
  const [template] = templatesOf(example);
  const [first] = Object.keys(template.findResources(earlier));

  expect(Object.values(template.findResources(later)).map(({ DependsOn }) => DependsOn)).toEqual([expect.arrayContaining([first])]);
}, 120_000);
