import { create, FakeAws, identity, remove } from '../../support/fake-aws';

const stackId = (name: string, id = '6d1a2b30-0000-11f1-9f3e-0a1b2c3d4e5f') => `arn:aws:cloudformation:eu-west-1:111122223333:stack/${name}/${id}`;
const identityOf = (StackId: string, LogicalResourceId = 'Migration') => identity({ StackId, LogicalResourceId });

test.each([undefined, null])('a Delete with the physical id %p succeeds', async (PhysicalResourceId) => {
  const world = new FakeAws();
  world.stackStatus = 'DELETE_IN_PROGRESS';
  expect((await world.request({ ...remove(), PhysicalResourceId } as any)).Status).toBe('SUCCESS');
});

test('an event without a request id gets an answer', async () => {
  expect((await new FakeAws().request({ ...create(), RequestId: undefined } as any)).PhysicalResourceId).toMatch(/^Shop\/Migration\//);
});

describe('the identity of a resource', () => {
  test('consists of the stack name, the logical id and a digest that differs between stacks of the same name', () => {
    expect(identityOf(stackId('Shop'))).toMatch(/^Shop\/Migration\/[0-9a-f]{12}$/);
    expect(identityOf(stackId('Shop'))).toBe(identityOf(stackId('Shop')));
    expect(identityOf(stackId('Shop', 'another'))).not.toBe(identityOf(stackId('Shop'))); // a stack that was deleted and created again
  });

  test('is not longer than a physical id can be, and differs between long names', () => {
    const name = identityOf(stackId('S'.repeat(128)), 'L'.repeat(255));
    expect(name).toMatch(/^S{40}\/L{55}\/[0-9a-f]{12}$/);
    expect(identityOf(stackId('S'.repeat(128)), `${'L'.repeat(255)}2`)).not.toBe(name);
  });

  test('has only characters that startedBy accepts', () => {
    expect(identity({ ...create(), StackId: 'of: another form' })).toMatch(/^of--another-form\/Migration\/[0-9a-f]{12}$/);
  });

  test('is the same for all resources that wait for the same task', () => {
    const ResourceProperties = { ServiceToken: 'x', PreviousLeg: { First: 'Migration' } };
    expect(identity({ StackId: stackId('Shop'), LogicalResourceId: 'Migration2', ResourceProperties })).toBe(identityOf(stackId('Shop')));
  });
});
