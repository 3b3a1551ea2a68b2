import { RunTaskRequest$ } from '@aws-sdk/client-ecs';
import { NormalizedSchema } from '@smithy/core/schema';
import * as model2 from 'aws-sdk/apis/ecs-2014-11-13.min.json';
import * as core from 'aws-sdk/lib/core';
import { parseProperties } from '../../lambda/cloudformation/delivered-properties';
import type { RunTaskProperties } from '../../src/contract';

process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = '1'; // of that SDK, only the model and its validator are used
const { Model, ParamValidator } = core as any; // which its types do not name

type Request = RunTaskProperties['Request'];

/** A shape of the model, as the SDK for JavaScript 2 reads it. */
interface Shape {
  readonly type: string;
  readonly members: { readonly [name: string]: Shape };
  readonly member: Shape;
}

const model: Shape = new Model.Api(model2).operations.runTask.input;

/**
 * Throws what AWS finds wrong with a request: its validator, on the model of the SDK for JavaScript 2, and for the members
 * that are younger than that the schema of version 3, by way of the handler that has to read them.
 */
export function validateRequest(properties: RunTaskProperties): void {
  new ParamValidator({ min: true, max: true, pattern: true, enum: true }).validate(model, withoutYoungMembers(properties.Request));
  const delivered = JSON.parse(JSON.stringify(properties), (_, value) => ['number', 'boolean'].includes(typeof value) ? String(value) : value);
  expect(parseProperties(delivered).Request).toEqual(properties.Request);
}

/** The members of the request that have no members themselves, as paths. */
export function pathsInModels(): string[] {
  return [...new Set([...pathsInModel2(model), ...pathsInModel3(NormalizedSchema.of(RunTaskRequest$))])];
}

/** The same paths in a request. */
export function pathsInRequest(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item) => pathsInRequest(item, `${path}[]`));
  }
  return value && typeof value === 'object' ? Object.entries(value).flatMap(([name, member]) => pathsInRequest(member, `${path}.${name}`)) : [path];
}

function pathsInModel2(shape: Shape, path = ''): string[] {
  switch (shape.type) {
    case 'structure': return Object.entries(shape.members).flatMap(([name, member]) => pathsInModel2(member, `${path}.${name}`));
    case 'list': return pathsInModel2(shape.member, `${path}[]`);
    default: return [path];
  }
}

function pathsInModel3(schema: NormalizedSchema, path = ''): string[] {
  if (schema.isStructSchema()) {
    return [...schema.structIterator()].flatMap(([name, member]) => pathsInModel3(member, `${path}.${name}`));
  }
  return schema.isListSchema() ? pathsInModel3(schema.getValueSchema(), `${path}[]`) : [path];
}

function withoutYoungMembers(request: Request): Request {
  return {
    ...request,
    overrides: request.overrides && {
      ...request.overrides,
      containerOverrides: request.overrides.containerOverrides?.map((override) => ({
        ...override,
        resourceRequirements: override.resourceRequirements?.filter(({ sharingStrategy, type }) => !sharingStrategy && type !== 'NeuronDevice'),
      })),
    },
    volumeConfigurations: request.volumeConfigurations?.map(({ name, managedEBSVolume }) => {
      const { volumeInitializationRate, ...known } = managedEBSVolume!;
      return { name, managedEBSVolume: known };
    }),
  };
}
