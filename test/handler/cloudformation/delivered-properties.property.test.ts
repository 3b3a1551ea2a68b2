import { RunTaskRequest$ } from '@aws-sdk/client-ecs';
import { NormalizedSchema } from '@smithy/core/schema';
import * as fc from 'fast-check';
import { parseProperties } from '../../../lambda/cloudformation/delivered-properties';
import type { RunTaskProperties } from '../../../src/contract';
import { modelled } from '../../support/arbitraries';

const REQUEST = NormalizedSchema.of(RunTaskRequest$);
const RUNS = { numRuns: 200 };

const requests: fc.Arbitrary<RunTaskProperties['Request']> = modelled(REQUEST);
const properties: fc.Arbitrary<RunTaskProperties> = fc.record({
  Request: requests,
  RunOn: fc.constantFrom('CHANGE', 'CREATE', 'EVERY_DEPLOYMENT'),
  TimeoutSeconds: fc.nat(),
  ExitCodeFrom: fc.array(fc.string()),
  SuccessExitCodes: fc.array(fc.integer()),
  CompleteWhen: fc.constantFrom('EXIT_CODES_KNOWN', 'TASK_STOPPED'),
  LogTailLines: fc.nat(),
}, { noNullPrototype: true });

/** The properties as CloudFormation delivers them. */
function delivered(value: unknown): any {
  return JSON.parse(JSON.stringify(value), (_, member) => ['number', 'boolean'].includes(typeof member) ? String(member) : member);
}

/** A place in a request. */
interface Place {
  readonly path: string;
  readonly schema: NormalizedSchema;
  readonly put: (value: unknown) => void;
}

/** All places in a value that has been filled. */
function placesIn(value: any, schema: NormalizedSchema, path: string, put: Place['put']): Place[] {
  const inside = schema.isListSchema()
    ? (value as unknown[]).flatMap((item, index) => placesIn(item, schema.getValueSchema(), `${path}[${index}]`, (other) => { value[index] = other; }))
    : schema.isStructSchema()
      ? [...schema.structIterator()].filter(([name]) => name in value).flatMap(([name, member]) =>
        placesIn(value[name], member, `${path}.${name}`, (other) => { value[name] = other; }))
      : [];
  return [{ path, schema, put }, ...inside];
}

/** Values that do not fit the schema, with a secret in them. */
function misfitsOf(schema: NormalizedSchema): unknown[] {
  if (schema.isListSchema() || schema.isStructSchema()) {
    return ['hunter2', schema.isListSchema() ? { password: 'hunter2' } : ['hunter2']];
  }
  return [['hunter2'], { password: 'hunter2' }, ...schema.isStringSchema() ? [] : ['hunter2', '', ' ', 'true2']];
}

function errorOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return String(error);
  }
  return 'none';
}

test('every request that the AWS model allows is delivered unchanged, together with the other properties', () => {
  fc.assert(fc.property(properties, (written) => {
    expect(parseProperties(delivered(written))).toStrictEqual(written);
  }), RUNS);
});

test('any value that does not fit is rejected with its path and without its value', () => {
  fc.assert(fc.property(properties, fc.nat(), fc.nat(), (written, where, what) => {
    const wrong = delivered(written);
    const places = placesIn(wrong.Request, REQUEST, 'Request', (other) => { wrong.Request = other; });
    const { path, schema, put } = places[where % places.length];
    const misfits = misfitsOf(schema);
    put(misfits[what % misfits.length]);

    const error = errorOf(() => parseProperties(wrong));
    expect(error).toContain(`the property ${path} is not `);
    expect(error).not.toContain('hunter2');
  }), RUNS);
});

test('a member that AWS does not know is rejected with its path, at any depth', () => {
  fc.assert(fc.property(properties, fc.nat(), fc.string({ minLength: 1 }).map((name) => `un${name}`), (written, where, name) => {
    const wrong = delivered(written);
    const places = placesIn(wrong.Request, REQUEST, 'Request', () => {}).filter(({ schema }) => schema.isStructSchema());
    const { path } = places[where % places.length];
    Object.assign(at(wrong, path), { [name]: 'hunter2' });

    const error = errorOf(() => parseProperties(wrong));
    expect(error).toContain(`the property ${path}.${name} is not one of `);
    expect(error).not.toContain('hunter2');
  }), RUNS);
});

function at(value: any, path: string): object {
  return path.match(/\w+/g)!.reduce((within, step) => within[step], value);
}

test.each(['TimeoutSeconds', 'LogTailLines'])('a %s that is not a number is rejected without its value', (name) => {
  fc.assert(fc.property(properties, fc.constantFrom('hunter2', '', ' ', 'Infinity', 'NaN', ['hunter2']), (written, value) => {
    const error = errorOf(() => parseProperties({ ...delivered(written), [name]: value }));
    expect(error).toBe(`Error: the property ${name} is not a number`);
  }), RUNS);
});
