import { locateLog } from '../../../lambda/ecs/logs';
import { create, fails, Fault, properties, runs, FakeAws, times, sentAfter } from '../../support/fake-aws';
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

  test('has a line for each step of a progress bar', async () => {
    world.lives = [runs(60, 3)];
    world.logEvents = ['10%\r90%\r\r\nfailed\r\n'];
    expect((await world.request(create())).Reason).toContain('The end of its log:\n  10%\n  90%\n  failed\nLog group');
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

  test('has the last line that arrives 2.5 seconds after the lines before it', async () => {
    world.lives = [runs(60, 3)];
    world.logEvents = ['migrating', 'out of ideas'];
    let first: number | undefined;
    world.faults.GetLogEvents = times(100, (_, proceed) => {
      first ??= world.seconds();
      return world.seconds() < first + 2.5 ? { events: [{ message: 'migrating' }] } : proceed();
    });
    expect((await world.request(create())).Reason).toContain('The end of its log:\n  migrating\n  out of ideas\n');
  });

  test('is read for four seconds at most, however long lines arrive', async () => {
    world.lives = [runs(60, 3)];
    let line = 0;
    world.faults.GetLogEvents = times(100, () => ({ events: [{ message: `line ${++line}` }] }));
    await world.request(create());
    const readAt = world.calls.filter(({ name }) => name === 'GetLogEvents').map(({ at }) => at);
    expect(readAt.pop()! - readAt[0]).toBeLessThan(5);
  });

  test('has its last line although more blank lines than logTailLines follow', async () => {
    world.lives = [runs(60, 3)];
    world.logEvents = ['out of ideas\n\n  \n\n\n'];
    expect((await world.request(create(properties({ LogTailLines: '3' })))).Reason).toContain('The end of its log:\n  out of ideas\nLog group');
  });

  test.each([
    ['empty', []],
    ['that are partly full', ['out of ideas']],
    ['of blank lines', ['  \n', '', '\t']],
  ])('is found before pages %s, which CloudWatch returns for the hours in which nothing was printed', async (_, last) => {
    world.lives = [runs(60, 3)];
    const pages = [last, [], ['migrating', 'out of disk']].map((page) => page.map((message) => ({ message })));
    world.faults.GetLogEvents = times(100, ({ nextToken = 'b/0' }) => {
      const page = Number(nextToken.slice(2));
      return { events: pages[page] ?? [], nextBackwardToken: `b/${Math.min(page + 1, pages.length)}` };
    });
    const text = ['migrating', 'out of disk', ...last].filter((line) => line.trim() !== '').map((line) => `  ${line}\n`).join('');
    expect((await world.request(create(properties({ LogTailLines: '3' })))).Reason).toContain(`The end of its log:\n${text}Log group`);
  });

  test('is not looked for in a place that the construct does not know, even of a container named constructor', async () => {
    world.lives = [runs(60, 3).map(([second, state]) => [second, {
      ...state, containers: state.containers?.map((container) => ({ ...container, name: 'constructor' })),
    }] as const)];
    const { Reason } = await world.request(create(properties({ ExitCodeFrom: ['constructor'] })));
    expect(Reason).toMatch(/^Container "constructor" exited with code 3\.\nTask /);
  });

  test('has as many lines as logTailLines', async () => {
    world.lives = [runs(60, 3)];
    world.logEvents = ['one\ntwo', 'three\nfour'];
    expect((await world.request(create(properties({ LogTailLines: '3' })))).Reason).toContain('The end of its log:\n  two\n  three\n  four\n');
    const calls = world.callsOf('GetLogEvents');
    expect(calls).toEqual(times(calls.length, { logGroupName: '/shop', logStreamName: 'app/app/1a', startFromHead: false, limit: 3 }));
    expect(calls.length).toBeLessThanOrEqual(4);
  });

  test('is not read when logTailLines is 0', async () => {
    world.lives = [runs(60, 3)];
    await world.request(create(properties({ LogTailLines: '0' })));
    expect(world.callsOf('GetLogEvents')).toEqual([]);
  });

  test('is reported as missing when reading it fails, with the reason', async () => {
    world.lives = [runs(60, 3)];
    world.faults.GetLogEvents = times(10, fails('AccessDeniedException', 'not authorized to perform: logs:GetLogEvents'));
    expectFailed(await world.request(create()), [
      'Container "app" exited with code 3.',
      'The end of its log is missing: reading it failed (AccessDeniedException: not authorized to perform: logs:GetLogEvents).',
      'Log group /shop, stream app/app/1a.',
    ].join('\n'));
  });

  describe('behind empty pages', () => {
    const MISSING = 'The end of its log is missing: reading it failed (the function gave up before it reached the beginning of the log).';
    const emptyPages = (count: number) => times<Fault>(10_000, ({ nextToken = 'b/0' }) =>
      ({ events: [], nextBackwardToken: `b/${Math.min(Number(nextToken.slice(2)) + 1, count)}` }));
    beforeEach(() => { world.lives = [runs(60, 3)]; });

    test('is reported as missing when there are too many', async () => {
      world.faults.GetLogEvents = emptyPages(Infinity);
      expectFailed(await world.request(create()), `Container "app" exited with code 3.\n${MISSING}\nLog group /shop`);
      expect(world.callsOf('GetLogEvents').length).toBeLessThan(90);
    });

    test('is reported as missing when reading them takes too long', async () => {
      world.faults.GetLogEvents = emptyPages(15).map((fault) => async (...call) => {
        await world.sleep(400);
        return fault(...call);
      });
      expectFailed(await world.request(create()), `Container "app" exited with code 3.\n${MISSING}\nLog group /shop`);
    });

    test.each([0, 1, 15])('is not reported as missing when nothing is before them: %i pages', async (count) => {
      world.faults.GetLogEvents = emptyPages(count);
      expectFailed(await world.request(create()), 'Container "app" exited with code 3.\nLog group /shop');
    });
  });

  test('is left out of the failure message when the container has printed nothing', async () => {
    world.lives = [runs(60, 3)];
    world.faults.GetLogEvents = times(10, fails('ResourceNotFoundException', 'The specified log stream does not exist.'));
    expectFailed(await world.request(create()), 'Container "app" exited with code 3.\nLog group /shop');
  });
});

test('a container named like a member of every object has no log because of its name', () => {
  expect(locateLog({ Logs: {} }, 'constructor', 'arn:aws:ecs:eu-west-1:111122223333:task/shop/1a')).toBeUndefined();
});

test('the log of a container is read in its Region, if that is another one', async () => {
  const inRegion = (Region?: string) => create(properties({ Logs: { app: { Group: '/shop', StreamPrefix: 'app', Region } } }));
  world.lives = [runs(60, 3)];
  world.logEvents = ['out of ideas'];
  expect((await world.request(inRegion('us-east-1'))).Reason).toContain('The end of its log:\n  out of ideas\nLog group /shop, stream app/app/1a, in Region us-east-1.');
  expect(new Set(world.logRegions)).toEqual(new Set(['us-east-1']));
  world.logRegions.length = 0;
  await world.request({ ...inRegion('eu-west-1'), RequestId: 'another', ResponseURL: sentAfter(2) });
  expect(world.logRegions).toEqual([]);
});
