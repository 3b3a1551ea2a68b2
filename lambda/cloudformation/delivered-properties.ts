import { RunTaskRequest$ } from '@aws-sdk/client-ecs';
import { NormalizedSchema } from '@smithy/core/schema';
import type { RunTaskProperties, RunSpec } from '../../src/contract';

/** The properties as CloudFormation delivers them: every number and boolean has become a string. */
export interface DeliveredProperties {
  readonly [name: string]: unknown;
}

/**
 * Puts the types of the properties back, and refuses what does not fit. Without that the SDK would silently send
 * `"count":"2"`. The request is checked against AWS's own schema of it.
 */
export function parseProperties(delivered: DeliveredProperties): RunTaskProperties {
  return { ...delivered as unknown as RunTaskProperties, ...parseRun(delivered) };
}

export function parseRun(delivered: DeliveredProperties, path?: string): RunSpec {
  // The schema is AWS's; the members beside the request are written by our own construct alone.
  const run = delivered as unknown as RunSpec;
  const at = (name: string) => path ? `${path}.${name}` : name;
  return {
    ...run,
    Request: restoreTypes(run.Request, NormalizedSchema.of(RunTaskRequest$), at('Request')) as RunSpec['Request'],
    TimeoutSeconds: toNumber(run.TimeoutSeconds, at('TimeoutSeconds')),
    ...(run.RetryAttempts === undefined ? {} : { RetryAttempts: toNumber(run.RetryAttempts, at('RetryAttempts')) }),
    SuccessExitCodes: run.SuccessExitCodes.map((code, index) => toNumber(code, at(`SuccessExitCodes[${index}]`))),
    LogTailLines: toNumber(run.LogTailLines, at('LogTailLines')),
  };
}

function restoreTypes(value: unknown, schema: NormalizedSchema, path: string): unknown {
  if (schema.isListSchema()) {
    if (!Array.isArray(value)) {
      throw misfit(path, 'a list');
    }
    return value.map((item, index) => restoreTypes(item, schema.getValueSchema(), `${path}[${index}]`));
  }
  if (schema.isStructSchema()) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw misfit(path, 'an object');
    }
    const members = new Map(schema.structIterator());
    return Object.fromEntries(Object.entries(value).map(([name, member]) => {
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
  if (typeof value !== 'string') {
    throw misfit(path, 'a string');
  }
  return value;
}

function toNumber(value: unknown, path: string): number {
  const text = String(value);
  if (text.trim() === '' || !Number.isFinite(Number(text))) {
    throw misfit(path, 'a number');
  }
  return Number(text);
}

function toBoolean(value: unknown, path: string): boolean {
  const text = String(value);
  if (text !== 'true' && text !== 'false') {
    throw misfit(path, 'true or false');
  }
  return text === 'true';
}

/** Names the place and not the value, which may be a secret. */
function misfit(path: string, expected: string): Error {
  return new Error(`the property ${path} is not ${expected}`);
}
