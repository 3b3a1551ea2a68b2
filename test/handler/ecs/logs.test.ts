import { create, fails, properties, runs, FakeAws, times, sentAfter } from '../../support/fake-aws';
import { expectFailed } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('the end of the log of a container that failed', () => {
  test('is in the failure message, after the container and its exit code', async () => {
    world.lives = [runs(60, 3)];
    world.logEvents = ['migrating', 'ERROR: relation "users" already exists\n'];
    expectFailed(await world.request(create()), [
      'Container "app" exited with code 3.',
      'The end of its log:',
      '  migrating',
      '  ERROR: relation "users" already exists',
      'Log group',
    ].join('\n'));
  });

  test('is written in full to the log of the function, where cdk deploy shows it', async () => {
    world.lives = [runs(60, 3)];
    world.logEvents = Array.from({ length: 20 }, (_, line) => `line ${line} ${'x'.repeat(300)}`);
    const { Reason } = await world.request(create());
    expect(Reason).not.toContain('line 0 ');
    expect(world.lines.join('\n')).toContain('  line 0 ');
  });

  test('has no blank lines', async () => {
    world.lives = [runs(60, 3)];
    world.logEvents = ['one\n\n', '  \n', '\ntwo\n'];
    expect((await world.request(create())).Reason).toContain('The end of its log:\n  one\n  two\nLog group');
  });

  test('is read again when it is late, for a few seconds', async () => {
    world.lives = [runs(60, 3)];
    world.faults.GetLogEvents = [fails('ResourceNotFoundException'), () => ({ events: [] })];
    world.logEvents = ['out of ideas'];
    expect((await world.request(create())).Reason).toContain('The end of its log:\n  out of ideas\n');
    world.faults.GetLogEvents = times(100, () => ({ events: [] }));
    const before = world.callsOf('GetLogEvents').length;
    expect((await world.request({ ...create(), RequestId: 'another', ResponseURL: sentAfter(2) })).Reason).not.toContain('out of ideas');
    expect(world.callsOf('GetLogEvents').length - before).toBeLessThan(7);
  });

  test('has as many lines as logTailLines', async () => {
    world.lives = [runs(60, 3)];
    world.logEvents = ['one\ntwo', 'three\nfour'];
    expect((await world.request(create(properties({ LogTailLines: '3' })))).Reason).toContain('The end of its log:\n  two\n  three\n  four\n');
    expect(world.callsOf('GetLogEvents')).toEqual([{ logGroupName: '/shop', logStreamName: 'app/app/1a', startFromHead: false, limit: 3 }]);
  });

  test('is not read when logTailLines is 0', async () => {
    world.lives = [runs(60, 3)];
    await world.request(create(properties({ LogTailLines: '0' })));
    expect(world.callsOf('GetLogEvents')).toEqual([]);
  });

  test('is left out of the failure message when it cannot be read', async () => {
    world.lives = [runs(60, 3)];
    world.faults.GetLogEvents = times(10, fails('ResourceNotFoundException', 'The specified log stream does not exist.'));
    expectFailed(await world.request(create()), 'Container "app" exited with code 3.');
  });
});
