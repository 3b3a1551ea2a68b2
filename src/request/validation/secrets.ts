import { CfnElement, CfnMapping, CfnParameter, CfnResource, Reference, Stack, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { RunTaskProps } from '../../run-task-props';
import { isIntrinsic } from '../intrinsics';
import { readValue, Resolved, ResourceReader } from '../resource-reader';

/** A dynamic reference to a secret, or the part of it that is known. */
const SECRET = /\{\{resolve:(?:secretsmanager|ssm-secure):[^}]*(?:\}\})?/;

/**
 * Lists the secrets in the properties of the custom resource, in which CloudFormation resolves no reference to a secret.
 *
 * Call it at synthesis, before the CDK resolves the properties: its own error for a SecretValue suggests unsafeUnwrap,
 * and its own error for a key suggests CfnJson, which do not help here.
 */
export function checkSecrets(resource: CfnResource, { triggers = {} }: RunTaskProps, reader: ResourceReader): string[] {
  const { stack } = resource;
  const errorsOfKeys = Object.keys(triggers).filter((key) => Token.isUnresolved(key)).flatMap((key) => [...checkKey(stack, key)]);
  if (errorsOfKeys.length > 0) {
    return errorsOfKeys; // the CDK cannot resolve such a key
  }
  const resolved = reader.read(resource);
  const listSecrets = (named: any) => [...findTexts(stack, named.Properties)].filter(([, text]) => SECRET.test(text));
  if (listSecrets(replaceReferences(stack, resolved, () => '')).length === 0) {
    return []; // only a message needs the names, and looking them up is slow
  }
  return listSecrets(replaceReferences(stack, resolved)).flatMap(([path, text]) => [...describeSecret(renderPath(path), text)]);
}

/** A key cannot be a function of CloudFormation. All other maps that the user gives become lists. */
function* checkKey(stack: Stack, key: string): Generator<string> {
  const resolved = readValue(stack, key);
  const text = toText(stack, replaceReferences(stack, resolved));
  if (SECRET.test(text)) {
    yield* describeSecret('triggers', text);
  } else if (typeof resolved.replaceReferences(() => ({})) !== 'string') {
    yield `triggers must have keys that are known at synthesis, got: ${text}; move this into the value of the trigger`;
  }
}

function* describeSecret(path: string, text: string): Generator<string> {
  const [secret] = SECRET.exec(text)!;
  yield `${path} must not contain the value of a secret, got: ${secret}; CloudFormation does not resolve it in a custom resource, so use secrets of the container in the taskDefinition instead`;
}

/** Every text in the resolved properties, with the path of its prop. An item of a list that has a name is called by it. */
function* findTexts(stack: Stack, value: any, path: string[] = []): Generator<[path: string[], text: string]> {
  if (typeof value !== 'object' || value === null || isIntrinsic(value)) {
    yield [path, toText(stack, value)];
  } else if (Array.isArray(value)) {
    for (const item of value) {
      const { name, key = name, ...members } = Object(item);
      const text = toText(stack, key ?? '');
      yield [path, text];
      yield* findTexts(stack, key === undefined ? item : members.value ?? members, key === undefined ? path : [...path, text]);
    }
  } else {
    for (const [member, child] of Object.entries(value)) {
      yield [path, member];
      yield* findTexts(stack, child, [...path, member]);
    }
  }
}

/** Turns the names of the custom resource into those of the props. */
function renderPath(path: string[]): string {
  return path.join('.')
    .replace(/^[A-Z]/, (first) => first.toLowerCase())
    .replace(/^(onDelete\.)?request\./i, '$1')
    .replace(/^(onDelete\.)?overrides\.(?!containerOverrides)/, '$1taskOverrides.')
    .replace(/^(onDelete\.)?overrides\./, '$1')
    .replace(/^volumeConfigurations/, 'volumes');
}

/** As CloudFormation would join it. Anything that only the deployment knows is the name of what it comes from. */
function toText(stack: Stack, value: any): string {
  if (typeof value !== 'object' || value === null) {
    return String(value);
  }
  const { Ref: name, 'Fn::Join': join, 'Fn::Sub': sub, 'Fn::FindInMap': find } = value;
  if (name !== undefined) {
    return readDefault(findElement(stack, name)) ?? String(name);
  }
  if (Array.isArray(join?.[1])) {
    return join[1].map((part) => toText(stack, part)).join(join[0]);
  }
  if (sub !== undefined) {
    const [text, variables = {}] = [sub].flat();
    return toText(stack, text).replace(/\$\{([^}]+)\}/g, (_, variable) => toText(stack, variables[variable] ?? { Ref: variable }));
  }
  const found = find ? listMapped(stack, find) : [];
  const members = Array.isArray(value) || isIntrinsic(value) ? Object.values(value) : Object.entries(value).flat();
  return [...found, ...members].map((member) => toText(stack, member)).join(' ');
}

/** The values of a mapping that its keys can select: a key that only the deployment knows can select each. */
function listMapped(stack: Stack, [name, ...keys]: any[]): unknown[] {
  const mapping = findElement(stack, name);
  const { Mappings } = mapping instanceof CfnMapping ? stack.resolve(mapping._toCloudFormation()) : { Mappings: {} };
  const select = (maps: any[], key: unknown) => maps.flatMap((map) => typeof key === 'string' ? map[key] ?? [] : Object.values(map));
  return keys.slice(0, 2).reduce(select, Object.values(Mappings));
}

/** What has this logical id in the template. */
function findElement(stack: Stack, logicalId: unknown): IConstruct | undefined {
  return stack.node.findAll().find((construct) =>
    CfnElement.isCfnElement(construct) && construct.stack === stack && stack.resolve(construct.logicalId) === logicalId);
}

/** The default of a parameter: CloudFormation does not resolve a secret that is the value of a parameter, either. */
function readDefault(target: IConstruct | undefined): string | undefined {
  return target instanceof CfnParameter && typeof target.default === 'string' ? target.default : undefined;
}

/** References by their names, or by the default of the parameter, which can be one of another stack. */
function replaceReferences(stack: Stack, resolved: Resolved, nameOf = (reference: Reference) => Object.values(stack.resolve(reference)).flat().join(' ')): any {
  return resolved.replaceReferences((reference) => readDefault(reference.target) ?? nameOf(reference));
}
