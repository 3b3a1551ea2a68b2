import { parseProperties, parseRun } from '../../../lambda/cloudformation/delivered-properties';
import type { RunTaskProperties } from '../../../src/contract';

/** A request with a number, a boolean or a list wherever RunTask has one that is easily got wrong. */
const REQUEST: RunTaskProperties['Request'] = {
  cluster: 'shop',
  taskDefinition: 'migrate:7',
  count: 2,
  enableECSManagedTags: true,
  enableExecuteCommand: false,
  capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', base: 1, weight: 4 }],
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1', 'subnet-2'], assignPublicIp: 'DISABLED' } },
  overrides: {
    cpu: '1024',
    ephemeralStorage: { sizeInGiB: 40 },
    containerOverrides: [{
      name: 'app',
      command: ['42', 'true'],
      cpu: 256,
      memory: 512,
      environment: [{ name: 'RETRIES', value: '3' }, { name: 'DEBUG', value: 'false' }],
      resourceRequirements: [{ type: 'GPU', value: '1' }],
    }],
  },
  volumeConfigurations: [{
    name: 'scratch',
    managedEBSVolume: { roleArn: 'arn', encrypted: true, sizeInGiB: 10, iops: 3000, throughput: 125, terminationPolicy: { deleteOnTermination: true } },
  }],
};

const PROPERTIES: RunTaskProperties = {
  Request: REQUEST,
  RunOn: 'CHANGE',
  TimeoutSeconds: 1800,
  ExitCodeFrom: ['app'],
  SuccessExitCodes: [0, 3],
  CompleteWhen: 'EXIT_CODES_KNOWN',
  LogTailLines: 20,
};

/** What CloudFormation makes of the properties of a custom resource. */
function delivered(value: unknown): any {
  if (Array.isArray(value)) {
    return value.map(delivered);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, delivered(member)]))
    : String(value);
}

test('delivered properties get their numbers and booleans back', () => {
  expect(parseProperties(delivered(PROPERTIES))).toEqual(PROPERTIES);
});

test('delivered properties keep a string that looks like a number when ECS requires a string', () => {
  const { overrides } = parseProperties(delivered(PROPERTIES)).Request;
  expect(overrides?.cpu).toBe('1024');
  expect(overrides?.containerOverrides?.[0].command).toEqual(['42', 'true']);
});

test.each([
  ['a number', { count: 'two' }, 'the property Request.count is not a number'],
  ['an empty number', { count: '' }, 'the property Request.count is not a number'],
  ['a boolean', { enableExecuteCommand: 'yes' }, 'the property Request.enableExecuteCommand is not true or false'],
  ['a list', { tags: 'a=b' }, 'the property Request.tags is not a list'],
  ['an object', { overrides: ['x'] }, 'the property Request.overrides is not an object'],
  ['a string', { group: ['x'] }, 'the property Request.group is not a string'],
  ['a member deep within', { overrides: { containerOverrides: [{ cpu: 'much' }] } }, 'the property Request.overrides.containerOverrides[0].cpu is not a number'],
])('a delivered property that does not fit is rejected with its path: %s', (_, request, message) => {
  expect(() => parseProperties(delivered({ ...PROPERTIES, Request: { ...REQUEST, ...request } }))).toThrow(message);
});

test('a member of the request that ECS does not know is rejected instead of dropped', () => {
  expect(() => parseProperties(delivered({ ...PROPERTIES, Request: { ...REQUEST, overrides: { cpus: '1' } } })))
    .toThrow('the property Request.overrides.cpus is not one of containerOverrides, cpu,');
});

test('the error for a delivered property never contains the value, which can be a secret', () => {
  expect(() => parseProperties(delivered({ ...PROPERTIES, TimeoutSeconds: 'hunter2' }))).toThrow(/^(?!.*hunter2)/);
});

test('the members that CloudFormation reads itself are not part of the properties', () => {
  expect(parseProperties({ ...delivered(PROPERTIES), ServiceToken: 'arn', ServiceTimeout: '2100' })).toEqual(PROPERTIES);
});

test.each([['ServiceToken'], ['HasNextLeg'], ['RunOn'], ['constructor'], ['__proto__']])('a run on Delete with a member that it cannot have is rejected: %s', (name) => {
  const { RunOn, ...run } = delivered(PROPERTIES);
  const OnDelete = JSON.parse(`{ ${JSON.stringify(name)}: "true", ${JSON.stringify(run).slice(1)}`);
  expect(() => parseProperties({ ...delivered(PROPERTIES), OnDelete })).toThrow(`the property OnDelete.${name} is not one of Request, `);
});

test('an event without properties is rejected with a message that names them', () => {
  expect(() => parseProperties(undefined as any)).toThrow('the property ResourceProperties is not an object');
  expect(() => parseRun(undefined as any, 'OnDelete')).toThrow('the property OnDelete is not an object');
});

test.each([
  ['TimeoutSeconds', '43201', 'an integer from 1 to 43200'],
  ['RetryAttempts', '11', 'an integer from 0 to 10'],
  ['LogTailLines', '-3', 'an integer from 0 to 10000'],
  ['ExitCodeFrom', [], 'a list of at least one container name'],
  ['SuccessExitCodes', '0', 'a list of at least one integer'],
  ['RunOn', 'NEVER', 'one of CHANGE, CREATE, EVERY_DEPLOYMENT'],
  ['HasNextLeg', 'false', 'true'],
])('the message says what %s must be, and the advice says what to do', (name, value, expected) => {
  const parse = () => parseProperties({ ...delivered(PROPERTIES), [name]: value });
  expect(parse).toThrow(expect.objectContaining({
    failure: { cause: `the property ${name} is not ${expected}`, advice: expect.stringContaining('correct the parameter or override that sets it') },
  }));
});

test.each([
  ['TimeoutSeconds', ['1', '43200']],
  ['RetryAttempts', ['0', '10']],
  ['LogTailLines', ['0', '10000']],
])('the limits of %s are accepted', (name, limits) => {
  expect(limits.map((limit) => parseProperties({ ...delivered(PROPERTIES), [name]: limit })[name as 'TimeoutSeconds'])).toEqual(limits.map(Number));
});

test.each(['1', '10'])('a count of %s is accepted', (count) => {
  expect(parseProperties(delivered({ ...PROPERTIES, Request: { ...REQUEST, count } })).Request.count).toBe(Number(count));
});
