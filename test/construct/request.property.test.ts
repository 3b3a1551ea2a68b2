import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as fc from 'fast-check';
import { CompleteWhen, RunOn, RunTaskProps } from '../../src/index';
import { renderTask } from '../../src/request/render-request';
import { checkAtSynthesis, checkTask } from '../../src/request/validation/check-task';
import { ALPHANUMERIC, id } from '../support/arbitraries';
import { validateRequest } from '../support/aws-model';
import { setup } from '../support/stacks';

const { stack, cluster, taskDefinition } = setup(ecs.Compatibility.EC2);

const words = id(`${ALPHANUMERIC} .,:/=+-@_`, 40, 0);
const cpu = fc.constantFrom(256, 512, 1024);

/** Within all documented limits. Some have longer values than is handy to read in a counterexample. */
const allowed = fc.record({
  count: fc.integer({ min: 1, max: 10 }),
  group: words,
  startedBy: id(`${ALPHANUMERIC}-_/`, 128),
  referenceId: id(ALPHANUMERIC, 1024),
  tags: fc.dictionary(id(`${ALPHANUMERIC} .:/=+-@_`, 128).filter((key) => !/^aws:/i.test(key)), id(ALPHANUMERIC, 256, 0), { maxKeys: 49, noNullPrototype: true }),
  propagateTags: fc.constantFrom(ecs.PropagatedTagSource.NONE, ecs.PropagatedTagSource.TASK_DEFINITION),
  enableEcsManagedTags: fc.boolean(),
  enableExecuteCommand: fc.boolean(),
  capacityProviderStrategies: fc.array(fc.record({ capacityProvider: id(`${ALPHANUMERIC}-_`, 255), weight: fc.integer({ min: 1, max: 1_000 }) }), { maxLength: 20 }),
  containerOverrides: fc.constant('app').chain((containerName) => fc.array(fc.record({
    containerName: fc.constant(containerName),
    command: fc.array(words, { maxLength: 5 }),
    environment: fc.dictionary(id(ALPHANUMERIC, 20), words, { maxKeys: 5, noNullPrototype: true }),
    cpu,
    memoryLimitMiB: fc.integer({ min: 512, max: 4096 }),
    memoryReservationMiB: fc.integer({ min: 6, max: 512 }),
  }, { requiredKeys: ['containerName'], noNullPrototype: true }), { maxLength: 3 })),
  taskOverrides: fc.record({
    cpu,
    memoryLimitMiB: fc.integer({ min: 512, max: 4096 }),
  }, { requiredKeys: [], noNullPrototype: true }),
}, { requiredKeys: [], noNullPrototype: true });

/** Outside one limit each. */
const forbidden: { readonly [prop in keyof RunTaskProps]?: fc.Arbitrary<unknown> } = {
  count: fc.oneof(fc.integer({ max: 0 }), fc.integer({ min: 11 }), fc.double({ min: 1.01, max: 1.99, noNaN: true })),
  startedBy: fc.oneof(id(ALPHANUMERIC, 300, 129), id('.:* ', 20)),
  referenceId: id(ALPHANUMERIC, 1100, 1025),
  tags: fc.constantFrom({ 'aws:key': '' }, { '': '' }, { ['x'.repeat(129)]: '' }, { key: 'x'.repeat(257) }),
  retryAttempts: fc.oneof(fc.integer({ max: -1 }), fc.integer({ min: 11 }), fc.constantFrom(0.5, NaN)),
  logTailLines: fc.oneof(fc.integer({ max: -1 }), fc.constantFrom(0.5, NaN)),
  capacityProviderStrategies: fc.array(fc.constant({ capacityProvider: 'x' }), { minLength: 21, maxLength: 40 }),
  containerOverrides: id(ALPHANUMERIC, 9_000, 8_192).map((command) => [{ containerName: 'app', command: [command] }]),
};

function render(props: Partial<RunTaskProps>) {
  const task = renderTask(stack, { cluster, taskDefinition, ...props });
  const errors = [...checkTask(stack, task), ...checkAtSynthesis(stack, task)];
  return { errors, request: stack.resolve(task.request) };
}

test('props within all limits render a request that AWS accepts and that the function reads back unchanged', () => {
  fc.assert(fc.property(allowed, (props) => {
    const { errors, request } = render(props);
    const Request = { ...request, cluster: 'cluster', taskDefinition: 'definition:1' }; // known when they are deployed

    expect(errors).toEqual([]);
    validateRequest({
      Request,
      RunOn: RunOn.CHANGE,
      TimeoutSeconds: 60,
      SuccessExitCodes: [0],
      CompleteWhen: CompleteWhen.EXIT_CODES_KNOWN,
      LogTailLines: 20,
    });
  }), { numRuns: 200 });
});

test('the request has no member that the props did not ask for', () => {
  const members = { enableEcsManagedTags: 'enableECSManagedTags', capacityProviderStrategies: 'capacityProviderStrategy', containerOverrides: 'overrides', taskOverrides: 'overrides' };
  fc.assert(fc.property(allowed, (props) => {
    const asked = Object.keys(props).map((prop) => members[prop as keyof typeof members] ?? prop);
    expect([...asked, 'cluster', 'taskDefinition', 'launchType']).toEqual(expect.arrayContaining(Object.keys(render(props).request)));
  }), { numRuns: 200 });
});

test.each(Object.keys(forbidden) as (keyof typeof forbidden)[])('a value outside the limits of %s is an error that names the prop', (prop) => {
  fc.assert(fc.property(allowed, forbidden[prop]!, (props, value) => {
    expect(render({ ...props, [prop]: value }).errors).toContainEqual(expect.stringMatching(new RegExp(`\\b${prop}\\b`)));
  }), { numRuns: 50 });
});
