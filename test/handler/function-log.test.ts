import { create, MINUTE, properties, runs, FakeAws } from '../support/fake-aws';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('the log of the function', () => {
  test('has a line for each task state with the seconds since the start, for the hand-over and for the answer', async () => {
    world.lives = [runs(65, 3)];
    world.logEvents = ['out of ideas'];
    await world.invoke(create(), 2 * MINUTE);
    await world.invoke(world.handedOver.shift()!);
    expect(world.lines).toEqual([
      'Create of Migration, request c0ffee00-create',
      expect.stringMatching(/^0 s: arn:.*\/1a is PROVISIONING$/),
      expect.stringMatching(/^1[5-8] s: arn:.*\/1a is PENDING$/),
      expect.stringMatching(/^3[0-3] s: arn:.*\/1a is RUNNING$/),
      'the next invocation of this function continues waiting',
      'Create of Migration, request c0ffee00-create, continued',
      expect.stringMatching(/^6\d s: arn:.*\/1a is RUNNING$/),
      expect.stringMatching(/^9[5-9] s: arn:.*\/1a is DEPROVISIONING$/),
      expect.stringMatching(/^FAILED\nContainer "app" exited with code 3\.\nThe end of its log:\n {2}out of ideas\n[^]*\nCloudWatch Log Stream: 2026/),
    ]);
  });

  test('never contains the ResponseURL, the environment or the command', async () => {
    world.lives = [runs(5, 1)];
    const overrides = { containerOverrides: [{ name: 'app', command: ['--password=hunter2'], environment: [{ name: 'TOKEN', value: 'swordfish' }] }] };
    await world.request(create(properties({}, { overrides })));
    expect(world.lines.join('\n')).not.toMatch(/X-Amz-Signature|hunter2|swordfish/);
    expect(world.lines.length).toBeGreaterThan(3);
  });
});
