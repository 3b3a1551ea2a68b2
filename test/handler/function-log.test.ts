import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { awsError, create, FakeAws, fails, MINUTE, properties, remove, runs, times } from '../support/fake-aws';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

const TASK = 'arn:aws:ecs:eu-west-1:111122223333:task/shop/1a';

/** The fields of a line as CloudWatch Logs Insights finds them: those of its first JSON. */
const fieldsOf = (line: string) => JSON.parse(/\{[^{}]*\}/.exec(line)?.[0] ?? '{}');
const states = () => world.lines.map((line) => fieldsOf(line).state);

describe('the log of the function', () => {
  test('has a line for each state: what happened, with fields, and the words of others last', async () => {
    world.lives = [runs(65, 3)];
    world.logEvents = ['{"state":"out of ideas"}'];
    await world.invoke(create(), 2 * MINUTE);
    await world.invoke(world.handedOver.shift()!);
    const line = (text: string, fields: object) => {
      const json = JSON.stringify({ state: '', resource: 'Migration', request: 'c0ffee00-create', seconds: 0, ...fields }).replace(/"seconds":\d+/, '"seconds":\\d+');
      return expect.stringMatching(new RegExp(`^${text} ${json.replace(/[{}]/g, '\\$&')}`));
    };
    const task = { task: TASK };
    expect(world.lines).toEqual([
      line('Create of Migration', { state: 'RECEIVED' }),
      line('no other task of the resource is running', { state: 'CLEARED' }),
      line('ECS accepted the task', { state: 'STARTED', ...task }),
      line('the task is PROVISIONING', { state: 'PROVISIONING', ...task }),
      line('the task is PENDING', { state: 'PENDING', ...task }),
      line('the task is RUNNING', { state: 'RUNNING', ...task }),
      line('the next invocation of this function continues waiting', { state: 'HANDED_OVER' }),
      line('Create of Migration', { state: 'CONTINUED' }),
      line('the task is RUNNING', { state: 'RUNNING', ...task }),
      line('the task is DEPROVISIONING', { state: 'DEPROVISIONING', ...task }),
      line('FAILED', { state: 'FAILED' }),
    ]);
    expect(world.lines[world.lines.length - 1].split('\n').slice(1, 4))
      .toEqual(['Container "app" exited with code 3.', 'The end of its log:', '  {"state":"out of ideas"}']);
    expect(fieldsOf(world.lines[world.lines.length - 1]).state).toBe('FAILED');
    expect(fieldsOf(world.lines[5]).seconds).toBe(Math.round(world.calls.filter(({ name }) => name === 'DescribeTasks').map(({ at }) => at).find((at) => at > 30)!));
  });

  test('has a line for a start that is retried, with the reason', async () => {
    world.faults.RunTask = [fails('ThrottlingException', 'Rate exceeded')];
    await world.request(create());
    expect(states().slice(0, 4)).toEqual(['RECEIVED', 'CLEARED', 'RETRYING', 'STARTED']);
    expect(world.lines[2]).toMatch(/^retrying \{.*\}\nthe task did not start: AWS throttled a request needed to start it: ThrottlingException: Rate exceeded$/);
  });

  test('has no words of others that move the cursor of a terminal or change the direction of writing', async () => {
    world.lives = [runs(60, 3, { stoppedReason: 'stopped by \u001b]8;;https://example.com\u0007me\u001b]8;;\u0007 \u202etxt.exe\u001b[2J' })];
    world.faults.RunTask = [fails('ThrottlingException', '\u001b[1A\u2066slow')];
    await world.request(create());
    expect(world.lines.join('\n')).toContain('stopped by me txt.exe');
    expect(world.lines.join('\n')).toContain('ThrottlingException: slow');
    expect(world.lines.filter((line) => /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(line))).toEqual([]);
  });

  test('has a line for each time the status of the task could not be read', async () => {
    world.faults.DescribeTasks = times(2, () => { throw awsError('ServerException', 'Service Unavailable', 500); });
    await world.request(create());
    expect(states().filter((state) => state === 'UNKNOWN')).toHaveLength(2);
    expect(world.lines.find((line) => fieldsOf(line).state === 'UNKNOWN')).toMatch(/^could not read the status of the task \{.*\}\nServerException: Service Unavailable$/);
  });

  test('has a line for a task that is stopped, with the reason', async () => {
    world.lives = [runs(600, 0)];
    await world.invoke(create(), MINUTE); // its task continues to run
    world.lines.length = 0;
    await world.request(remove());
    expect(states().slice(0, 4)).toEqual(['RECEIVED', 'STOP_REQUESTED', 'CLEARED', 'SUCCESS']); // and what the Create then sees
    expect(fieldsOf(world.lines[1])).toEqual({ state: 'STOP_REQUESTED', resource: 'Migration', request: 'c0ffee00-delete', seconds: expect.any(Number), task: TASK });
    expect(world.lines[1]).toMatch(/^stopping the task \{.*\}\nthe resource is being deleted$/);
  });

  test('never contains the ResponseURL, the environment or the command', async () => {
    world.lives = [runs(5, 1)];
    const overrides = { containerOverrides: [{ name: 'app', command: ['--password=hunter2'], environment: [{ name: 'TOKEN', value: 'swordfish' }] }] };
    await world.request(create(properties({}, { overrides })));
    expect(world.lines.join('\n')).not.toMatch(/X-Amz-Signature|hunter2|swordfish/);
    expect(world.lines.length).toBeGreaterThan(3);
  });
});

describe('docs/monitoring.md', () => {
  const page = readFileSync(path.join(__dirname, '..', '..', 'docs', 'monitoring.md'), 'utf8');
  const chapter = page.slice(page.indexOf('## The log of the function'));

  test('has a row for each state of the log', () => {
    const source = readFileSync(path.join(__dirname, '..', '..', 'lambda', 'cloudformation', 'log-state.ts'), 'utf8');
    const types = /type LogState =([^;]*);/.exec(source)![1].matchAll(/'(\w+)'/g);
    const named = chapter.split('\n').filter((line) => /^\| `[A-Z]/.test(line)).flatMap((row) => row.split('|')[1].match(/\w+/g)!);
    expect(named.sort()).toEqual(Array.from(types, ([, state]) => state).sort());
  });

  test('queries fields that the log has, and those of metrics', async () => {
    world.metricTasks = { Migration: 'Shop/Migration' };
    world.lives = [runs(5, 1)];
    await world.request(create());
    const metrics = JSON.parse(world.lines.find((line) => line.startsWith('{'))!);
    const started = fieldsOf(world.lines.find((line) => line.includes('"RUNNING"'))!);
    const known = [...Object.keys(metrics), ...Object.keys(started)];
    const queries = Array.from(page.matchAll(/```text\n([^`]*)```/g), ([, query]) => query);
    const words = queries.join('\n').replace(/"[^"]*"/g, '').match(/@?\w+/g)!;
    const commands = ['filter', 'stats', 'fields', 'sort', 'count', 'max', 'by', 'in', 'as', 'asc', 'desc'];
    expect(words.filter((word) => !commands.includes(word) && !known.includes(word) && !/^(@timestamp|@message|\d+)$/.test(word))).toEqual([]);
    expect(queries).toHaveLength(3);
  });
});
