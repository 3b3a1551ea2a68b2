import { identity } from '../../../lambda/cloudformation/identity';
import { create } from '../../support/fake-aws';

const stackId = (name: string, id = '6d1a2b30-0000-11f1-9f3e-0a1b2c3d4e5f') => `arn:aws:cloudformation:eu-west-1:111122223333:stack/${name}/${id}`;
const nameOf = (StackId: string, LogicalResourceId = 'Migration') => identity({ StackId, LogicalResourceId });

describe('the name of a resource', () => {
  test('is that of the stack and its own, and what tells it from those of the same names', () => {
    expect(nameOf(stackId('Shop'))).toMatch(/^Shop\/Migration\/[0-9a-f]{12}$/);
    expect(nameOf(stackId('Shop'))).toBe(nameOf(stackId('Shop')));
    expect(nameOf(stackId('Shop', 'another'))).not.toBe(nameOf(stackId('Shop'))); // a stack that was deleted and made again
  });

  test('leaves room in a mark of 128 characters for the request, the number and the attempt', () => {
    const name = nameOf(stackId('S'.repeat(128)), 'L'.repeat(255));
    expect(name).toMatch(/^S{40}\/L{55}\/[0-9a-f]{12}$/);
    expect(name.length + '/0f9c1f8e/10/99'.length).toBeLessThanOrEqual(128);
    expect(nameOf(stackId('S'.repeat(128)), `${'L'.repeat(255)}2`)).not.toBe(name);
  });

  test('has no characters that startedBy does not take', () => {
    expect(identity({ ...create(), StackId: 'of: another form' })).toMatch(/^of--another-form\/Migration\/[0-9a-f]{12}$/);
  });

  test('is that of the first of several resources that wait for the same task', () => {
    const ResourceProperties = { ServiceToken: 'x', PreviousLeg: { First: 'Migration' } };
    expect(identity({ StackId: stackId('Shop'), LogicalResourceId: 'Migration2', ResourceProperties })).toBe(nameOf(stackId('Shop')));
  });
});
