import { awsError, create, fails, FakeAws, runs, times, unreadable } from '../../support/fake-aws';
import { expectFailed, expectNoneStopped, expectStarted, expectStopped, expectSuccess } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

const NO_ANSWERS_OF_AWS: Array<[string, unknown]> = [
  ['the HTML page of a proxy', new SyntaxError('Unexpected token \'<\', "<html>" is not valid JSON')],
  ['JSON that is cut off', new SyntaxError('Unexpected end of JSON input')],
  ['a TLS error', Object.assign(new Error('write EPROTO'), { code: 'EPROTO' })],
  ['an HTTP parse error', Object.assign(new Error('Parse Error: Expected HTTP/'), { code: 'HPE_INVALID_CONSTANT' })],
  ['a response that ends early', Object.assign(new Error('Premature close'), { code: 'ERR_STREAM_PREMATURE_CLOSE' })],
  ['an error without a code', awsError('Unknown', 'UnknownError', 404)],
  ['an error without a name', Object.assign(new Error('x'), { name: undefined })],
  ['a text that is thrown', 'text'],
  ['an object that is thrown', {}],
];

describe('a RunTask that started a task, and whose response was no answer of AWS', () => {
  test.each(NO_ANSWERS_OF_AWS)('is repeated with the same clientToken: %s', async (_, thrown) => {
    world.faults.RunTask = [unreadable(thrown)];
    expectSuccess(await world.request(create()));
    expect(world.callsOf('RunTask').map(({ clientToken }) => clientToken)).toEqual(times(2, 'c0ffee00-create-1-1'));
    expectStarted(world, 1);
    expectNoneStopped(world);
  });

  test.each(NO_ANSWERS_OF_AWS)('is followed by the stop of that task when the request then fails, although ECS lists the task only 5 seconds later: %s', async (_, thrown) => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.RunTask = [unreadable(thrown), fails('InvalidParameterException', 'Override for container named x is not a container in the TaskDefinition.')];
    const listedFrom = 5;
    world.faults.ListTasks = times(100, (_input, proceed) => world.seconds() < listedFrom ? { taskArns: [] } : proceed());
    expectFailed(await world.request(create()), 'ECS rejected the request');
    expectStopped(world, 1);
  });

  test('is followed by the stop of that task, although the first list leaves it out', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.RunTask = [unreadable({}), fails('InvalidParameterException', 'Override for container named x is not a container in the TaskDefinition.')];
    let lists = 0;
    world.faults.ListTasks = times(100, ({ desiredStatus }, proceed) => world.tasks.length > 0 && desiredStatus === 'RUNNING' && ++lists === 1 ? { taskArns: [] } : proceed());
    expectFailed(await world.request(create()), 'ECS rejected the request');
    expectStopped(world, 1);
    expect(lists).toBe(2);
  });

  test.each<[string, object]>([['empty', {}], ['with neither a task nor a failure', { tasks: [], failures: [] }], ['with a task without an ARN', { tasks: [{}] }]])(
    'is repeated with the same clientToken: a response %s', async (_, response) => {
      world.faults.RunTask = [(_input, proceed) => { proceed(); return response; }];
      expectSuccess(await world.request(create()));
      expect(world.callsOf('RunTask').map(({ clientToken }) => clientToken)).toEqual(times(2, 'c0ffee00-create-1-1'));
      expectStarted(world, 1);
      expectNoneStopped(world);
    });

  test('is given up after three minutes, and the message does not say that ECS rejected the request', async () => {
    world.lives = [runs(60 * 60, 0)];
    world.faults.RunTask = times(1000, unreadable(new SyntaxError('Unexpected end of JSON input')));
    const answer = await world.request(create());
    expectFailed(answer, 'ECS did not answer: SyntaxError: Unexpected end of JSON input (RunTask).');
    expectStarted(world, 1);
    expectStopped(world, 1);
    expect(answer.at).toBeGreaterThan(180);
    expect(answer.at).toBeLessThan(260);
  });
});
