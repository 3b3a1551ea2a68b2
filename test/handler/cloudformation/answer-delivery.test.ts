import { create, FakeAws, times } from '../../support/fake-aws';
import { expectSuccess } from '../../support/handler-expectations';

let world: FakeAws;
beforeEach(() => { world = new FakeAws(); });

describe('the answer of a request', () => {
  test('is sent again until CloudFormation accepts it', async () => {
    world.putStatuses = [500, 503];
    expectSuccess(await world.request(create()));
  });

  test('that CloudFormation never accepts fails the invocation, so that Lambda retries', async () => {
    world.putStatuses = times(100, 503);
    await expect(world.request(create())).rejects.toThrow('did not accept the answer');
  });
});
