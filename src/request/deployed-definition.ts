import { Reference, Token, Tokenization } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { readProperties, readResource, ResourceReader } from './resource-reader';

/** A task definition as the template will have it, after aspects and escape hatches. References to other resources are still tokens. */
export interface DeployedDefinition {
  readonly Family?: unknown;
  readonly TaskRoleArn?: unknown;
  readonly ExecutionRoleArn?: unknown;
  readonly NetworkMode?: unknown;
  readonly RequiresCompatibilities?: unknown;
  readonly ContainerDefinitions?: DeployedContainer[];
  readonly PlacementConstraints?: object[];
  readonly Volumes?: { readonly Name: string; readonly ConfiguredAtLaunch?: boolean }[];
}

export interface DeployedContainer {
  readonly Name: unknown;
  readonly Essential?: unknown;
  readonly LogConfiguration?: { readonly LogDriver: unknown; readonly Options?: { readonly [name: string]: unknown } };
}

const settled = new WeakMap<ecs.CfnTaskDefinition, DeployedDefinition>();

/** The resource of the definition, if it is in this app: by its construct, or by a reference to it. */
export function findDefinitionResource(definition: ecs.ITaskDefinition): ecs.CfnTaskDefinition | undefined {
  if (definition instanceof ecs.TaskDefinition) {
    return definition.node.defaultChild as ecs.CfnTaskDefinition;
  }
  const { firstToken, length } = Tokenization.reverseString(definition.taskDefinitionArn);
  const target = length === 1 && Reference.isReference(firstToken) ? firstToken.target : undefined;
  return target instanceof ecs.CfnTaskDefinition ? target : undefined;
}

/** Call it at synthesis: before that, a definition can still change. */
export function readDefinition(definition: ecs.ITaskDefinition): DeployedDefinition | undefined {
  const resource = findDefinitionResource(definition);
  return resource && (settled.get(resource) ?? readProperties(readResource(resource)));
}

/** Renders definitions once for all their readers until `forgetDefinitions`. In this time, they must not change. */
export function settleDefinitions(definitions: ecs.ITaskDefinition[], reader: ResourceReader): void {
  const resources = new Set(definitions.flatMap((definition) => findDefinitionResource(definition) ?? []));
  resources.forEach((resource) => settled.set(resource, readProperties(reader.read(resource))));
}

export function forgetDefinitions(definitions: ecs.ITaskDefinition[]): void {
  definitions.flatMap((definition) => findDefinitionResource(definition) ?? []).forEach((resource) => settled.delete(resource));
}

/** A value of the definition, as a string of any stack. */
export function valueAsString(value: unknown): string | undefined {
  return value === undefined || typeof value === 'string' ? value : Token.asString(value);
}
