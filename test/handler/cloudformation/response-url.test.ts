import { readFileSync } from 'node:fs';
import { problemWithResponseUrl } from '../../../lambda/cloudformation/response-url';
import { create, FakeAws } from '../../support/fake-aws';

const stackIn = (partition: string) => `arn:${partition}:cloudformation:eu-west-1:111122223333:stack/Shop/6d1a2b30`;

const problem = (url: string, { partition = 'aws', environment = {} as NodeJS.ProcessEnv } = {}) => problemWithResponseUrl(url, stackIn(partition), environment);

/** Each partition with its DNS suffix, from the SDK. */
const PARTITIONS = [...readFileSync(require.resolve('@aws-sdk/core/client'), 'utf8').matchAll(/"?id"?: "(aws[a-z-]*)",\s+"?outputs"?: {\s+"?dnsSuffix"?: "([^"]+)"/g)]
  .map(([, partition, suffix]) => [partition, suffix] as const);

test('the SDK knows several partitions', () => {
  expect(PARTITIONS.length).toBeGreaterThanOrEqual(8);
});

test.each(PARTITIONS)('a stack of partition %s is answered at S3 under %s, over https only', (partition, suffix) => {
  const host = `cloudformation-custom-resource-response-x.s3.x.${suffix}`;
  expect(problem(`https://${host}/answer?X-Amz-Signature=secret`, { partition })).toBeUndefined();
  expect(problem(`http://${host}/answer`, { partition })).toBe(`it is not https, and ${host} is not the host of AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_S3`);
});

test.each([
  'cloudformation-custom-resource-response-useast1.s3.amazonaws.com', // of older Regions
  'cloudformation-custom-resource-response-euwest1.s3-eu-west-1.amazonaws.com',
  'CloudFormation-custom-resource-response-euwest1.S3.eu-west-1.amazonaws.com',
])('%s is a host of AWS', (host) => {
  expect(problem(`https://${host}/answer`)).toBeUndefined();
});

test.each([
  'attacker.example',
  'amazonaws.com',
  'evilamazonaws.com',
  's3.amazonaws.com.attacker.example',
  's3.cn-north-1.amazonaws.com.cn', // of another partition
  's3.amazonaws.com.',
  '127.0.0.1:4566',
])('%s is no host of AWS for a stack of partition aws', (host) => {
  expect(problem(`https://${host}/answer?X-Amz-Signature=secret`)).toBe(`${host} is not a host of AWS (amazonaws.com)`);
});

test('user and password before an @ do not make it a host of AWS', () => {
  expect(problem('https://s3.amazonaws.com@attacker.example/')).toBe('attacker.example is not a host of AWS (amazonaws.com)');
});

test.each(['aws-new', 'constructor'])('a partition that is not known, %s, gets no answer', (partition) => {
  expect(problem('https://s3.amazonaws.com/answer', { partition })).toBe(`the partition of the stack, ${partition}, is unknown to this version`);
});

test('an event without a stack id gets no answer', () => {
  expect(problemWithResponseUrl('https://s3.amazonaws.com/answer', undefined as any, {})).toBe('the partition of the stack, undefined, is unknown to this version');
});

test.each(['', 'answer?X-Amz-Signature=secret', 'https://[secret/'])('%p is not a URL', (url) => {
  expect(problem(url)).toBe('it is not a URL');
});

test.each(['ftp://s3.amazonaws.com/', 'file:///etc/passwd', 'data:text/plain,secret'])('%s is not https', (url) => {
  expect(problem(url)).toMatch(/^it is not https, and (s3\.amazonaws\.com|file:|data:) is not the host of AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_S3$/);
});

describe.each(['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3'])('a local engine that %s names', (name) => {
  const environment = { [name]: 'http://127.0.0.1:4566/path' };

  test.each(['http', 'https'])('is answered over %s', (protocol) => {
    expect(problem(`${protocol}://127.0.0.1:4566/answer`, { environment })).toBeUndefined();
  });

  test.each(['http://127.0.0.1:4567/', 'http://127.0.0.1/', 'http://localhost:4566/'])('has this host and port only, not %s', (url) => {
    expect(problem(url, { environment })).toMatch(/^it is not https/);
  });

  test('is not answered over other protocols', () => {
    expect(problem('ftp://127.0.0.1:4566/', { environment })).toMatch(/^it is not https/);
  });

  test('does not change the hosts of AWS, even if it is not a URL', () => {
    expect(problem('https://b.s3.amazonaws.com/', { environment: { [name]: 'nonsense' } })).toBeUndefined();
  });
});

test.each(['https://[secret/', 'https://attacker.example/?X-Amz-Signature=secret', 'http://s3.amazonaws.com/?X-Amz-Signature=secret'])('an invocation with %s ends without an answer, and logs no secret', async (ResponseURL) => {
  const world = new FakeAws();
  await world.invoke({ ...create(), ResponseURL });
  expect(world.answers).toEqual([]);
  expect(world.lines.join('\n')).toContain('The answer was not sent.');
  expect(world.lines.join('\n')).not.toContain('secret');
});
