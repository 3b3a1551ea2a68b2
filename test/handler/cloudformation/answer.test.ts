import { answerBody, sendAnswer } from '../../../lambda/cloudformation/answer';
import { fit } from '../../../lambda/verdict/message';
import { create, FakeAws } from '../../support/fake-aws';

const body = (reason: string[]) => answerBody(create(), 'id', { status: 'FAILED', reason });
const reasonOf = (text: string): string => JSON.parse(text).Reason;
const BOTTOM = ['Log group /shop, stream app/app/1a.', 'Task arn:aws:ecs:eu-west-1:111122223333:task/shop/1a.'];

test('the answer names its request', () => {
  expect(JSON.parse(body(['why']))).toEqual({
    Status: 'FAILED',
    Reason: 'why',
    PhysicalResourceId: 'id',
    StackId: create().StackId,
    RequestId: create().RequestId,
    LogicalResourceId: 'Migration',
  });
});

test.each([
  ['a long log', ['The cause.', 'The end of its log:', ...Array.from({ length: 500 }, (_, line) => `  line ${line} ${'x'.repeat(80)}`), ...BOTTOM]],
  ['a long cause', ['x'.repeat(10_000), ...BOTTOM]],
  ['characters outside ASCII', ['The cause.', ...Array.from({ length: 100 }, () => '  日本語 🚀 é'), ...BOTTOM]],
  ['half a surrogate pair', ['The cause \ud83d.', ...BOTTOM]],
  ['quotes and backslashes', ['"\\'.repeat(3_000)]],
])('an answer with %s stays within 4096 bytes of valid JSON', (_, reason) => {
  const text = body(reason);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
  expect(reasonOf(text).isWellFormed()).toBe(true);
  expect(text).toMatch(/^[\x20-\x7e]*$/);
});

test('an answer with a log that is too long loses the oldest lines and keeps the cause and the places to look', () => {
  const lines = Array.from({ length: 500 }, (_, line) => `  line ${line}`);
  const reason = reasonOf(body(['The cause.', 'The end of its log:', ...lines, ...BOTTOM])).split('\n');
  expect(reason.slice(0, 2)).toEqual(['The cause.', 'The end of its log:']);
  expect(reason.slice(-3)).toEqual(['  line 499', ...BOTTOM]);
  expect(reason).not.toContain('  line 0');
});

test('an answer without a log cuts its longest line and keeps the places to look', () => {
  const reason = reasonOf(body(['The cause.', `AWS says: ${'x'.repeat(10_000)}`, ...BOTTOM])).split('\n');
  expect(reason).toEqual(['The cause.', expect.stringMatching(/^AWS says: x+ \[cut\]$/), ...BOTTOM]);
});

test('an answer cuts the cause and the words of ECS before the places to look, even when the name of the log is long', () => {
  const place = `Log group /${'g'.repeat(500)}, stream ${'s'.repeat(500)}.`;
  const reason = fit(['c'.repeat(900), `AWS says: ${'x'.repeat(900)}`, place], 2_000).split('\n');
  expect(reason).toEqual([expect.stringMatching(/^c{400,} \[cut\]$/), expect.stringMatching(/^AWS says: x{400,} \[cut\]$/), place]);
});

test('an answer with ten thousand log lines is built within five seconds', () => {
  const lines = Array.from({ length: 10_000 }, (_, line) => `  line ${line} ${'x'.repeat(80)}`);
  expect(Buffer.byteLength(body(['The cause.', ...lines, ...BOTTOM]))).toBeLessThanOrEqual(4096);
}, 5_000);

test('an answer marks a cause that it has cut', () => {
  expect(reasonOf(body(['x'.repeat(10_000)]))).toMatch(/x \[cut\]$/);
});

test('an answer leaves out the colours and control characters of a terminal', () => {
  expect(reasonOf(body(['\u001b[1;31mERROR\u001b[0m\u0007 a\tb\r\u0000\u009b']))).toBe('ERROR a  b');
});

describe('sending the answer', () => {
  const URL = 'https://bucket.example/answer?X-Amz-Signature=secret';
  let world: FakeAws;
  beforeEach(() => { world = new FakeAws(); });

  test.each([200, 204, 299])('succeeds with HTTP status %d', async (status) => {
    world.put = jest.fn(async () => status);
    await sendAnswer(URL, '{}', world);
    expect(world.put).toHaveBeenCalledTimes(1);
    expect(world.lines).toEqual([]);
  });

  test.each([199, 300, 403, 503])('is retried after HTTP status %d, which the log reports without the URL', async (status) => {
    world.putStatuses = [status];
    await sendAnswer(URL, '{}', world);
    expect(world.answers).toHaveLength(1);
    expect(world.lines).toEqual([`CloudFormation did not take the answer (HTTP status ${status}), attempt 1 of 8`]);
  });

  test('is retried after an error, of which the log contains only the name', async () => {
    const put = world.put;
    world.put = async () => { world.put = put; throw Object.assign(new Error(`no connection to ${URL}`), { name: 'TimeoutError' }); };
    await sendAnswer(URL, '{}', world);
    expect(world.answers).toHaveLength(1);
    expect(world.lines).toEqual(['CloudFormation did not take the answer (TimeoutError), attempt 1 of 8']);
  });

  test('fails after eight attempts, with pauses from one to ten seconds', async () => {
    const pauses: number[] = [];
    world.sleep = async (milliseconds) => { pauses.push(milliseconds); };
    world.put = async () => 503;
    await expect(sendAnswer(URL, '{}', world)).rejects.toThrow('CloudFormation did not take the answer');
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
  });
});
