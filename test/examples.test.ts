import { execFileSync } from 'child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import * as path from 'path';
import { RESOURCE_TYPE } from '../src/contract';

const ROOT = path.join(__dirname, '..');
const EXAMPLES = path.join(ROOT, 'examples');

/** What an example asks its user for. */
const CONTEXT: { [example: string]: { [name: string]: string } } = {
  'database-migration': { databaseSecret: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:database-AbCdEf' },
};

/** The templates that the app command of the example's cdk.json makes, without an account. */
function synthesize(example: string): { Resources: { [logicalId: string]: { Type: string } } }[] {
  const cwd = path.join(EXAMPLES, example);
  const outdir = mkdtempSync(path.join(tmpdir(), 'example-'));
  try {
    const { app } = JSON.parse(readFileSync(path.join(cwd, 'cdk.json'), 'utf8'));
    execFileSync('sh', ['-c', app], {
      cwd,
      env: {
        PATH: [path.join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(path.delimiter),
        HOME: process.env.HOME,
        CDK_OUTDIR: outdir,
        CDK_CONTEXT_JSON: JSON.stringify(CONTEXT[example] ?? {}),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return readdirSync(outdir).filter((file) => file.endsWith('.template.json')).map((file) => JSON.parse(readFileSync(path.join(outdir, file), 'utf8')));
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

const examples = readdirSync(EXAMPLES).filter((name) => existsSync(path.join(EXAMPLES, name, 'cdk.json')));

test('there are examples', () => {
  expect(examples.length).toBeGreaterThan(1);
});

test.each(examples)('the example %s synthesizes', (example) => {
  const types = synthesize(example).flatMap(({ Resources }) => Object.values(Resources).map(({ Type }) => Type));

  expect(types).toContain(RESOURCE_TYPE);
}, 120_000);

test.each(examples)('the example %s says what it is, why, what it costs, and how to run it', (example) => {
  const header = readFileSync(path.join(EXAMPLES, example, 'app.ts'), 'utf8').split('\nimport')[0];

  expect(header.match(/^\/\/ (\w+): /gm)).toEqual(['// What: ', '// Why: ', '// Cost: ', '// Run: ']);
});
