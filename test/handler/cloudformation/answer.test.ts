import { answerBody, sendAnswer } from '../../../lambda/cloudformation/answer';
import { fit, Line, place, sentence } from '../../../lambda/verdict/message';
import { create, FakeAws, properties } from '../../support/fake-aws';

const log = (text: string): Line => ({ kind: 'log', text: `  ${text}` });
const aws = (text: string): Line => ({ kind: 'aws', text: `AWS says: ${text}` });
const HEADING: Line = { kind: 'heading', text: 'The end of its log:' };
const CAUSE = sentence('The cause.');

const body = (reason: Line[]) => answerBody(create(), 'id', { status: 'FAILED', reason });
const reasonOf = (text: string): string => JSON.parse(text).Reason;
const BOTTOM = [place('Log group /shop, stream app/app/1a.'), place('Task arn:aws:ecs:eu-west-1:111122223333:task/shop/1a.')];
const PLACES = BOTTOM.map(({ text }) => text);

test('the answer names the request that it is for', () => {
  expect(JSON.parse(body([sentence('why')]))).toEqual({
    Status: 'FAILED',
    Reason: 'why',
    PhysicalResourceId: 'id',
    StackId: create().StackId,
    RequestId: create().RequestId,
    LogicalResourceId: 'Migration',
  });
});

test.each([
  ['a long log', [CAUSE, HEADING, ...Array.from({ length: 500 }, (_, line) => log(`line ${line} ${'x'.repeat(80)}`)), ...BOTTOM]],
  ['a long cause', [sentence('x'.repeat(10_000)), ...BOTTOM]],
  ['characters outside ASCII', [CAUSE, ...Array.from({ length: 100 }, () => log('日本語 🚀 é')), ...BOTTOM]],
  ['half a surrogate pair', [sentence('The cause \ud83d.'), ...BOTTOM]],
  ['quotes and backslashes', [sentence('"\\'.repeat(3_000))]],
])('an answer with %s stays within 4096 bytes of valid JSON', (_, reason) => {
  const text = body(reason);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
  expect(reasonOf(text).isWellFormed()).toBe(true);
  expect(text).toMatch(/^[\x20-\x7e]*$/);
});

test('an answer with a log that is too long loses its oldest lines; the cause and the places to look stay', () => {
  const lines = Array.from({ length: 500 }, (_, line) => log(`line ${line}`));
  const reason = reasonOf(body([CAUSE, HEADING, ...lines, ...BOTTOM])).split('\n');
  expect(reason.slice(0, 2)).toEqual(['The cause.', 'The end of its log:']);
  expect(reason.slice(-3)).toEqual(['  line 499', ...PLACES]);
  expect(reason).not.toContain('  line 0');
});

test('a last log line that is too long is cut, and lines before it stay', () => {
  const lines = [...Array.from({ length: 19 }, (_, line) => log(`line ${line}`)), log(`{"error":"${'x'.repeat(4_400)}"}`)];
  const reason = reasonOf(body([CAUSE, HEADING, ...lines, ...BOTTOM])).split('\n');
  expect(reason).toEqual(['The cause.', HEADING.text, ...lines.slice(0, -1).map(({ text }) => text), expect.stringMatching(/^ {2}\{"error":"x{500,} \[cut\]$/), ...PLACES]);
});

test('the last log line stays if there is room for one line', () => {
  const lines = Array.from({ length: 20 }, (_, line) => log(`${line} ${'x'.repeat(1_000)}`));
  const reason = fit([CAUSE, HEADING, ...lines, ...BOTTOM], 500).split('\n');
  expect(reason).toEqual(['The cause.', HEADING.text, expect.stringMatching(/^ {2}19 x+ \[cut\]$/), ...PLACES]);
});

test.each([0, 1, 5, 6, 7, 20])('a reason for which there are only %d bytes is no longer than that', (bytes) => {
  expect(fit([sentence('x'.repeat(100)), ...BOTTOM], bytes).length).toBeLessThanOrEqual(bytes);
});

test('the longest line is cut if there is no log to leave out; the places to look stay', () => {
  const reason = reasonOf(body([CAUSE, aws('x'.repeat(10_000)), ...BOTTOM])).split('\n');
  expect(reason).toEqual(['The cause.', expect.stringMatching(/^AWS says: x+ \[cut\]$/), ...PLACES]);
});

test('the cause and the words of ECS are cut before the places to look, however long the name of a log is', () => {
  const longPlace = `Log group /${'g'.repeat(500)}, stream ${'s'.repeat(500)}.`;
  const reason = fit([sentence('c'.repeat(900)), aws('x'.repeat(900)), place(longPlace)], 2_000).split('\n');
  expect(reason).toEqual([expect.stringMatching(/^c{400,} \[cut\]$/), expect.stringMatching(/^AWS says: x{400,} \[cut\]$/), longPlace]);
});

test('ten thousand log lines are shortened', () => {
  const lines = Array.from({ length: 10_000 }, (_, line) => log(`line ${line} ${'x'.repeat(80)}`));
  expect(Buffer.byteLength(body([CAUSE, ...lines, ...BOTTOM]))).toBeLessThanOrEqual(4096);
});

test('a cause that is too long is cut, and says so', () => {
  expect(reasonOf(body([sentence('x'.repeat(10_000))]))).toMatch(/x \[cut\]$/);
});

test('colors and control characters of a terminal are left out', () => {
  expect(reasonOf(body([sentence('\u001b[1;31mERROR\u001b[0m\u0007 a\tb\r\u0000\u009b')]))).toBe('ERROR a  b');
});

test.each([
  ['a title of a terminal', '\u001b]0;title\u0007text', 'text'],
  ['a link of a terminal', '\u001b]8;;https://example.com\u001b\\text\u001b]8;;\u001b\\', 'text'],
  ['a title without its end', '\u001b]0;text', 'text'],
  ['a title of one byte more', '\u009d2;title\u009ctext', 'text'],
  ['a character set of a terminal', '\u001b(Btext\u001b[m', 'text'],
  ['colours of one byte more', '\u009b31mtext', 'text'],
  ['the direction of writing', 'a\u202eb\u2066c\u2069d\u200ee\u200ff\u061cg', 'abcdefg'],
])('%s is left out', (_, text, printed) => {
  expect(reasonOf(body([sentence(text)]))).toBe(printed);
});

test('a long line of control characters is removed, as a task prints it with binary data', () => {
  expect(reasonOf(body([sentence(`${'\u009d'.repeat(60_000)}text`)]))).toBe('text'); // took eleven seconds when each of them read to the end
});

describe('an answer that is sent', () => {
  const URL = 'https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/answer?X-Amz-Signature=secret';
  const event = { ...create(), ResponseURL: URL };
  let world: FakeAws;
  beforeEach(() => { world = new FakeAws(); });

  test.each([200, 204, 299])('is delivered with HTTP status %d', async (status) => {
    world.put = jest.fn(async () => status);
    await sendAnswer(event, '{}', world);
    expect(world.put).toHaveBeenCalledTimes(1);
    expect(world.lines).toEqual([]);
  });

  test.each([199, 300, 403, 503])('is sent again after HTTP status %d, and the log says so without the URL', async (status) => {
    world.putStatuses = [status];
    await sendAnswer(event, '{}', world);
    expect(world.answers).toHaveLength(1);
    expect(world.lines).toEqual([`CloudFormation did not accept the answer (HTTP status ${status}), attempt 1 of 8`]);
  });

  test('is sent again after an error, and the log shows only the name of the error', async () => {
    const put = world.put;
    world.put = async () => { world.put = put; throw Object.assign(new Error(`no connection to ${URL}`), { name: 'TimeoutError' }); };
    await sendAnswer(event, '{}', world);
    expect(world.answers).toHaveLength(1);
    expect(world.lines).toEqual(['CloudFormation did not accept the answer (TimeoutError), attempt 1 of 8']);
  });

  test('is given up after eight attempts, with pauses of one second at first and ten at last', async () => {
    const pauses: number[] = [];
    world.sleep = async (milliseconds) => { pauses.push(milliseconds); };
    world.put = async () => 503;
    await expect(sendAnswer(event, '{}', world)).rejects.toThrow('CloudFormation did not accept the answer');
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
  });

  test.each([
    ['to a host outside AWS', 'https://attacker.example/answer?X-Amz-Signature=secret', 'attacker.example is not a host of AWS (amazonaws.com)'],
    ['to what is no URL', 'https://[secret/answer', 'it is not a URL'],
  ])('is not sent %s, and the log says why without the URL', async (_, ResponseURL, why) => {
    world.put = jest.fn(async () => 200);
    await sendAnswer({ ...event, ResponseURL }, '{}', world);
    expect(world.put).not.toHaveBeenCalled();
    expect(world.lines).toEqual([`The answer was not sent. The ResponseURL of the request is not trusted: ${why}`]);
  });
});

const WITHOUT_TEXT = { toString: 'none', valueOf: 'none' };
test.each<[object, string]>([
  [{ ServiceTimeout: WITHOUT_TEXT }, 'SUCCESS'], // it only tells how long CloudFormation waits
  [{ PreviousLeg: { First: WITHOUT_TEXT } }, 'FAILED'],
])('properties that cannot be converted to text get an answer: %j', async (more, Status) => {
  expect(await new FakeAws().request(create(properties(more)))).toMatchObject({ Status });
});
