import { RunTaskRequest$ } from '@aws-sdk/client-ecs';
import { NormalizedSchema } from '@smithy/core/schema';
import type { RunTaskProperties, RunSpec } from '../../src/contract';
import { Failed } from '../verdict/failure';
import { FAILURES } from '../verdict/texts';

/** The properties as CloudFormation delivers them: every number and boolean has become a string. */
export interface DeliveredProperties {
  readonly [name: string]: unknown;
}

/** Restores the type of a value, or rejects the value with its path. */
type Restore<T> = (value: unknown, path: string) => T;

/** A rule for each member, so that a new member of the contract does not compile without one. */
type Members<T> = { readonly [Name in keyof T]-?: Restore<T[Name]> };

/** The limits are those that the construct enforces: tokens and escape hatches get past it. */
const RUN: Members<Omit<RunSpec, 'UsedAttributes' | 'HasNextLeg' | 'PreviousLeg'>> = {
  Request: restoreRequest,
  TimeoutSeconds: integer(1, 43_200),
  RetryAttempts: optional(integer(0, 10)),
  ExitCodeFrom: optional(list(nonEmptyString, 'a list of at least one container name')), // with none, any ending would be a success
  SuccessExitCodes: list(integer(), 'a list of at least one integer'),
  CompleteWhen: oneOf('EXIT_CODES_KNOWN', 'TASK_STOPPED'),
  LogTailLines: integer(0, 10_000),
  Logs: optional(map(object({ Group: string, StreamPrefix: string, Region: optional(string) }))),
};

const RUN_TASK: Members<RunTaskProperties> = {
  ...RUN,
  RunOn: oneOf('CHANGE', 'CREATE', 'EVERY_DEPLOYMENT'),
  Triggers: optional(map(string)),
  SynthesizedAt: optional(string),
  OnRollback: optional(oneOf('RUN')),
  OnDelete: optional(object(RUN)),
  UsedAttributes: optional(map(string)),
  HasNextLeg: optional(isTrue),
  PreviousLeg: optional(object({ First: nonEmptyString, Baton: string })),
};

/**
 * Restores the types of the properties, and rejects what does not fit. Without that the SDK would silently send
 * `"count":"2"`. The request is checked against AWS's own schema of it, everything else against the table above.
 */
export function parseProperties(delivered: DeliveredProperties): RunTaskProperties {
  const { ServiceToken, ServiceTimeout, ...properties } = toObject(delivered, ''); // these two belong to CloudFormation
  return object(RUN_TASK)(properties, '');
}

export function parseRun(delivered: DeliveredProperties, path = ''): RunSpec {
  return object(RUN)(delivered, path);
}

function restoreRequest(value: unknown, path: string): RunSpec['Request'] {
  const request = restoreTypes(value, NormalizedSchema.of(RunTaskRequest$), path) as RunSpec['Request'];
  if (request.count !== undefined) {
    integer(1, 10)(request.count, `${path}.count`);
  }
  return request;
}

function object<T>(members: Members<T>): Restore<T> {
  return (value, path) => {
    const given = toObject(value, path);
    const unknown = Object.keys(given).find((name) => !Object.hasOwn(members, name));
    if (unknown !== undefined) {
      throw misfit(join(path, unknown), `one of ${Object.keys(members).join(', ')}`);
    }
    const restored = Object.entries<Restore<unknown>>(members).map(([name, restore]) => [name, restore(given[name], join(path, name))]);
    return Object.fromEntries(restored.filter(([, member]) => member !== undefined)) as T;
  };
}

function map<T>(restore: Restore<T>): Restore<{ readonly [name: string]: T }> {
  return (value, path) => Object.fromEntries(
    Object.entries(toObject(value, path)).map(([name, member]) => [name, restore(member, join(path, name))]),
  );
}

function list<T>(restore: Restore<T>, expected: string): Restore<T[]> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length === 0) {
      throw misfit(path, expected);
    }
    return value.map((item, index) => restore(item, `${path}[${index}]`));
  };
}

function optional<T>(restore: Restore<T>): Restore<T | undefined> {
  return (value, path) => value === undefined ? undefined : restore(value, path);
}

function integer(from = -Infinity, to = Infinity): Restore<number> {
  const expected = to === Infinity ? 'an integer' : `an integer from ${from} to ${to}`;
  return (value, path) => {
    const number = isNumeric(value) ? Number(value) : NaN;
    if (!Number.isSafeInteger(number) || number < from || number > to) {
      throw misfit(path, expected);
    }
    return number;
  };
}

function oneOf<T extends string>(...known: T[]): Restore<T> {
  return (value, path) => {
    if (!known.includes(value as T)) {
      throw misfit(path, known.length > 1 ? `one of ${known.join(', ')}` : known[0]);
    }
    return value as T;
  };
}

function isTrue(value: unknown, path: string): true {
  if (value !== true && value !== 'true') {
    throw misfit(path, 'true');
  }
  return true;
}

function string(value: unknown, path: string): string {
  if (typeof value !== 'string') {
    throw misfit(path, 'a string');
  }
  return value;
}

function nonEmptyString(value: unknown, path: string): string {
  if (string(value, path) === '') {
    throw misfit(path, 'a string with at least one character');
  }
  return value as string;
}

function restoreTypes(value: unknown, schema: NormalizedSchema, path: string): unknown {
  if (schema.isListSchema()) {
    if (!Array.isArray(value)) {
      throw misfit(path, 'a list');
    }
    return value.map((item, index) => restoreTypes(item, schema.getValueSchema(), `${path}[${index}]`));
  }
  if (schema.isStructSchema()) {
    const members = new Map(schema.structIterator());
    return Object.fromEntries(Object.entries(toObject(value, path)).map(([name, member]) => {
      const memberSchema = members.get(name);
      if (!memberSchema) {
        throw misfit(`${path}.${name}`, `one of ${[...members.keys()].join(', ')}`);
      }
      return [name, restoreTypes(member, memberSchema, `${path}.${name}`)];
    }));
  }
  if (schema.isNumericSchema()) {
    return toNumber(value, path);
  }
  if (schema.isBooleanSchema()) {
    return toBoolean(value, path);
  }
  return string(value, path);
}

function toNumber(value: unknown, path: string): number {
  if (!isNumeric(value)) {
    throw misfit(path, 'a number');
  }
  return Number(value);
}

/** A list with one number in it also looks like a number once it is text. */
function isNumeric(value: unknown): boolean {
  return (typeof value === 'number' || (typeof value === 'string' && value.trim() !== '')) && Number.isFinite(Number(value));
}

function toBoolean(value: unknown, path: string): boolean {
  if (value !== true && value !== false && value !== 'true' && value !== 'false') {
    throw misfit(path, 'true or false');
  }
  return String(value) === 'true';
}

function toObject(value: unknown, path: string): DeliveredProperties {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw misfit(path || 'ResourceProperties', 'an object');
  }
  return value as DeliveredProperties;
}

function join(path: string, name: string): string {
  return path ? `${path}.${name}` : name;
}

/** Names the place and not the value, which may be a secret. */
function misfit(path: string, expected: string): Failed {
  return new Failed(FAILURES.property(path, expected));
}
