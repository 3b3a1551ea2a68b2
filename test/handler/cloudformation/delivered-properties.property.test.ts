import { RunTaskRequest$ } from '@aws-sdk/client-ecs';
import { NormalizedSchema } from '@smithy/core/schema';
import * as fc from 'fast-check';
import { parseProperties, parseRun } from '../../../lambda/cloudformation/delivered-properties';
import type { RunTaskProperties } from '../../../src/contract';
import { modelled } from '../../support/arbitraries';

const REQUEST = NormalizedSchema.of(RunTaskRequest$);
const RUNS = { numRuns: 200 };

const requests: fc.Arbitrary<RunTaskProperties['Request']> = modelled(REQUEST, { '.count': fc.integer({ min: 1, max: 10 }) });
const names = fc.string({ minLength: 1 });
const maps = fc.dictionary(names, fc.string(), { noNullPrototype: true });

const RUN = {
  Request: requests,
  TimeoutSeconds: fc.integer({ min: 1, max: 43_200 }),
  ExitCodeFrom: fc.array(names, { minLength: 1, maxLength: 3 }),
  SuccessExitCodes: fc.array(fc.integer(), { minLength: 1, maxLength: 3 }),
  CompleteWhen: fc.constantFrom('EXIT_CODES_KNOWN', 'TASK_STOPPED'),
  LogTailLines: fc.integer({ min: 0, max: 10_000 }),
  RetryAttempts: fc.integer({ min: 0, max: 10 }),
  Logs: fc.dictionary(names, fc.record({ Group: fc.string(), StreamPrefix: fc.string(), Region: fc.string() }, { noNullPrototype: true, requiredKeys: ['Group', 'StreamPrefix'] }), { noNullPrototype: true }),
} as const;
const REQUIRED = ['Request', 'TimeoutSeconds', 'SuccessExitCodes', 'CompleteWhen', 'LogTailLines'] as const;

/** Everything that the contract allows, with each optional member present or absent. */
const properties = fc.record({
  ...RUN,
  RunOn: fc.constantFrom('CHANGE', 'CREATE', 'EVERY_DEPLOYMENT'),
  Triggers: maps,
  SynthesizedAt: fc.string(),
  OnRollback: fc.constant('RUN'),
  OnDelete: fc.record(RUN, { requiredKeys: [...REQUIRED], noNullPrototype: true }),
  UsedAttributes: maps,
  HasNextLeg: fc.constant(true),
  PreviousLeg: fc.record({ First: names, Baton: fc.string() }, { noNullPrototype: true }),
}, { requiredKeys: [...REQUIRED, 'RunOn'], noNullPrototype: true }) as fc.Arbitrary<RunTaskProperties>;

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
    expect(parseProperties(delivered(written))).toEqual(written);
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

const TEXT = ['hunter2', '', ' ', 'Infinity', 'NaN'];
const NO_SCALAR = [null, ['hunter2'], ['1'], ['true'], { password: 'hunter2' }];
const NO_LIST = ['hunter2', '0', null, { 0: '0' }];
const NO_OBJECT = ['hunter2', '', null, [], ['hunter2']];

/** What CloudFormation can deliver for a member of a run that is not what the construct writes; `undefined` is a missing member. */
const WRONG_IN_RUN: { readonly [path: string]: readonly unknown[] } = {
  'Request': [undefined, ...NO_OBJECT],
  'Request.count': ['0', '-1', '11', '150', '1.5', '1e99', ...TEXT, ...NO_SCALAR],
  'TimeoutSeconds': [undefined, '0', '-5', '43201', '0.5', ...TEXT, ...NO_SCALAR],
  'RetryAttempts': ['x', '-1', '11', '0.5', ...TEXT, ...NO_SCALAR],
  'ExitCodeFrom': [[], ...NO_LIST],
  'ExitCodeFrom[0]': ['', ...NO_SCALAR],
  'SuccessExitCodes': [undefined, [], ...NO_LIST],
  'SuccessExitCodes[0]': ['1.5', ...TEXT, ...NO_SCALAR],
  'CompleteWhen': [undefined, 'SOON', 'constructor', ['TASK_STOPPED'], ...TEXT, ...NO_SCALAR],
  'LogTailLines': [undefined, '-3', '10001', '0.5', ...TEXT, ...NO_SCALAR],
  'Logs': NO_OBJECT,
  'Logs.app': NO_OBJECT,
  'Logs.app.Group': [undefined, ...NO_SCALAR],
  'Logs.app.Region': NO_SCALAR,
  'Logs.app.StreamPrefix': [undefined, ...NO_SCALAR],
};

const WRONG: { readonly [path: string]: readonly unknown[] } = {
  ...WRONG_IN_RUN,
  ...Object.fromEntries(Object.entries(WRONG_IN_RUN).map(([path, values]) => [`OnDelete.${path}`, values])),
  'RunOn': [undefined, 'NEVER', ['CHANGE'], ...TEXT, ...NO_SCALAR],
  'Triggers': NO_OBJECT,
  'Triggers.a': NO_SCALAR,
  'SynthesizedAt': NO_SCALAR,
  'OnRollback': ['MAYBE', 'SKIP', ['RUN'], ...TEXT, ...NO_SCALAR],
  'OnDelete': NO_OBJECT,
  'UsedAttributes': NO_OBJECT,
  'UsedAttributes.TaskArn': NO_SCALAR,
  'HasNextLeg': ['false', ...TEXT, ...NO_SCALAR],
  'PreviousLeg': NO_OBJECT,
  'PreviousLeg.First': [undefined, '', ...NO_SCALAR],
  'PreviousLeg.Baton': [undefined, ...NO_SCALAR],
};

/** Members that must exist before a member inside them can be wrong. */
function withAllMembers(written: any): any {
  const run = (given: any) => ({ ...given, ExitCodeFrom: ['app'], Logs: { app: { Group: 'a', StreamPrefix: 'b' } } });
  return {
    ...run(written),
    Triggers: { a: 'b' },
    UsedAttributes: { TaskArn: 'TaskArn' },
    PreviousLeg: { First: 'Migration', Baton: 'b' },
    OnDelete: run(written.OnDelete ?? { Request: {}, TimeoutSeconds: '1', SuccessExitCodes: ['0'], CompleteWhen: 'TASK_STOPPED', LogTailLines: '0' }),
  };
}

/** Replaces the member at a path. */
function corrupt(value: any, path: string, wrong: unknown): void {
  const steps = path.match(/\w+/g)!;
  const last = steps.pop()!;
  const parent = steps.reduce((within, step) => within[step], value);
  if (wrong === undefined) {
    delete parent[last];
  } else {
    parent[last] = wrong;
  }
}

describe.each(Object.keys(WRONG))('%s', (path) => {
  test('is rejected with its path and without its value if it is wrong', () => {
    for (const wrong of WRONG[path]) {
      fc.assert(fc.property(properties, (written) => {
        const broken = withAllMembers(delivered(written));
        expect(errorOf(() => parseProperties(broken))).toBe('none');
        corrupt(broken, path, wrong);
        const error = errorOf(() => parseProperties(broken));
        expect(error).toMatch(`Error: the property ${path} is not `);
        expect(error).not.toContain('hunter2');
      }), { numRuns: 1 });
    }
  });
});

test.each(['', 'OnDelete', 'PreviousLeg', 'Logs.app'])('a member next to the request that the contract does not have is rejected with its path: in "%s"', (path) => {
  fc.assert(fc.property(properties, names.map((name) => `un${name}`), (written, name) => {
    const broken = withAllMembers(delivered(written));
    Object.assign(path ? at(broken, path) : broken, { [name]: 'hunter2' });

    const error = errorOf(() => parseProperties(broken));
    expect(error).toContain(`the property ${path ? `${path}.` : ''}${name} is not one of `);
    expect(error).not.toContain('hunter2');
  }), RUNS);
});

test('anything at all is either accepted or rejected by the name of a property, for a run, too', () => {
  const anything = fc.anything({ withNullPrototype: false });
  const almost = fc.tuple(properties, fc.constantFrom(...Object.keys(WRONG)), anything).map(([written, path, value]) => {
    const broken = withAllMembers(delivered(written));
    corrupt(broken, path, value);
    return broken;
  });
  fc.assert(fc.property(fc.oneof(anything, almost), (value: any) => {
    for (const parse of [() => parseProperties(value), () => parseRun(value), () => parseRun(value, 'OnDelete')]) {
      expect(errorOf(parse)).toMatch(/^(none$|Error: the property )/);
    }
  }), { numRuns: 500 });
});
