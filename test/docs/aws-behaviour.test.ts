import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { identity } from '../../lambda/cloudformation/identity';
import { markOf } from '../../lambda/ecs/marks';
import { LOG_WITHIN_MS } from '../../src/timing';
import { WICKED } from '../simulation/wicked';

const ROOT = path.join(__dirname, '..', '..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

const COLUMNS = ['behaviour', 'source', 'known', 'code', 'simulated fault', 'test'];

/** Each row of docs/aws-behaviour.md, under the names of its columns. */
const rows = read('docs/aws-behaviour.md').split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith(`| ${COLUMNS[0]} |`))
  .map((line) => line.slice(2, -2).split(' | '));

const cases = rows.map((cells) => [cells[0], Object.fromEntries(COLUMNS.map((name, index) => [name, cells[index]]))] as const);

const simulation = readdirSync(path.join(ROOT, 'test', 'simulation'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts')).map((name) => read(`test/simulation/${name}`)).join('\n');

/** As it is written in the source of a test, or of a fault. */
const isNamed = (source: string, name: string) => ["'", '"', '`'].some((quote) => source.replace(/\\'/g, "'").includes(quote + name + quote));

describe('docs/aws-behaviour.md', () => {
  test('has a row for each of a hundred behaviours, each once', () => {
    expect(rows.length).toBeGreaterThanOrEqual(100);
    expect(new Set(cases.map(([behaviour]) => behaviour)).size).toBe(rows.length);
  });

  test.each(cases)('has every column filled in: %s', (_, row) => {
    expect(Object.values(row)).toEqual(COLUMNS.map(() => expect.stringMatching(/\S/)));
    expect(row.known).toMatch(/^(confirmed|refuted|unproven)$/);
  });

  test.each(cases)('names a URL or a document as the source: %s', (_, { source }) => {
    expect(source.split(', ').join('\n')).toMatch(/\]\(https:\/\/[^)\s]+\)|\*[^*]{10,}\*/);
    expect(source.replace(/\[[^\]]+\]\(https:\/\/[^)\s]+\)|\*[^*]+\*/g, '')).toMatch(/^(, )*$/);
  });

  test.each(cases)('names code that exists: %s', (_, { code }) => {
    const named = code.split('; ').map((place) => /^`((?:lambda|src)\/[\w/-]+\.ts)` `(\w+)`$/.exec(place) ?? [place]);
    const missing = named.filter(([, file, name]) => !file || !existsSync(path.join(ROOT, file))
      || !new RegExp(`(function\\*?|const|class) ${name}\\b`).test(read(file)));
    expect(missing.map(([place]) => place)).toEqual([]);
  });

  test.each(cases)('names tests that exist: %s', (_, { test: tests }) => {
    const named = tests === 'none' ? [] : tests.split('; ').map((one) => /^`(test\/[\w/.-]+\.test\.ts)` "(.+)"$/.exec(one) ?? [one]);
    const missing = named.filter(([, file, name]) => !file || !existsSync(path.join(ROOT, file)) || !isNamed(read(file), name));
    expect(missing.map(([one]) => one)).toEqual([]);
  });

  test.each(WICKED.map(({ name }) => [name]))('has the simulated fault in a row: %s', (name) => {
    expect(rows.filter((cells) => cells[4].includes(`\`${name}\``))).not.toEqual([]);
  });

  test.each(cases)('names faults that the simulation has: %s', (_, { 'simulated fault': faults }) => {
    const named = faults === 'none' ? [] : faults.split('; ').map((one) => one.slice(1, -1));
    // Most faults are made for every API.
    const missing = named.filter((name) => !isNamed(simulation, name) && !isNamed(simulation, name.replace(/^[A-Z]\w+/, '${api}')));
    expect(missing).toEqual([]);
  });
});

describe('the documents contain what users must know about AWS', () => {
  const pages = ['README.md', 'SECURITY.md', ...readdirSync(path.join(ROOT, 'docs')).map((name) => `docs/${name}`)]
    .filter((name) => name.endsWith('.md') && name !== 'docs/aws-behaviour.md')
    .map((name) => read(name).replace(/\s+/g, ' '));

  test.each<[string, RegExp]>([
    ['a failed onDelete is attempted three times while the stack lives on',
      /If it fails while the stack remains, .{0,80}CloudFormation attempts the deletion three times\. .{0,90}the deployment succeeds\. Make the task safe to repeat/],
    ['the 15 minutes of an invocation are a setting of the library', /The function has a timeout of 15 minutes\. It invokes itself before that and continues waiting/],
    ['each task that runs takes one concurrent execution of Lambda', /Each task that runs takes one concurrent execution of Lambda until it ends\. New accounts have as few as ten/],
    ['where to look when Lambda has too few of them', /raise the quota "Concurrent executions" of Lambda/],
    ['a deployment of more than an hour needs a role that CloudFormation assumes',
      /The deployment needs a role that CloudFormation assumes.{0,200}uses your own credentials and cannot renew them/],
    ['a task is found by the startedBy that the function gives it', /search for the last 12 hexadecimal digits of its physical id.{0,200}--query "tasks\[\?contains\(startedBy/],
    ['an update without a rollback can put a failed task back', /with `--no-rollback` and the update of a `RunTask` fails, CloudFormation can restore its previous properties with an update .{0,160}runs nothing/],
    ['outputs of a nested stack can be those of a failed deployment',
      /With `OnRollback\.RUN`, the task of the rollback sets the values again\. If that task fails or does not run, the values of the failed deployment remain/],
    ['a deletion without a rollback has no documented time', /The next deployment deletes a `RunTask` whose creation failed\. AWS does not document at which point\. This deletion stops only the tasks of the failed request/],
    ['what someone can do who may invoke the function', /has `lambda:InvokeFunction` on the function \| Run the task definition with any command/],
  ])('%s', (_, sentence) => {
    expect(pages.filter((page) => sentence.test(page))).toHaveLength(1);
  });

  test('startedBy of each task contains the digits of the physical id', () => {
    const id = identity({ StackId: 'arn:aws:cloudformation:eu-west-1:111122223333:stack/Shop/6d1a2b30', LogicalResourceId: 'Migration' });
    const [digits] = /[0-9a-f]{12}/.exec(id)!;
    expect(markOf(id, { requestId: 'request' }, 1, 1)).toContain(digits);
  });

  test('no page calls 15 minutes the limit of Lambda', () => {
    expect(pages.filter((page) => /Lambda's 15 minutes/.test(page))).toEqual([]);
  });

  test('the documented time that the function waits for outputs is the time in the code', () => {
    const seconds = LOG_WITHIN_MS / 1000;
    expect(read('docs/architecture.md')).toMatch(new RegExp(`Reading the outputs of the task.*up to ${seconds} s`));
    expect(read('docs/troubleshooting.md')).toContain(`The function searched the log for ${seconds} seconds.`);
  });
});
