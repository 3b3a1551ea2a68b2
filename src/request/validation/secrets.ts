import { CfnParameter, CfnResource, Reference } from 'aws-cdk-lib';
import type { ResourceReader } from '../resource-reader';

/** A dynamic reference to a secret, or the part of it that is known. */
const SECRET = /\{\{resolve:(?:secretsmanager|ssm-secure):[^}]*(?:\}\})?/;

/**
 * Lists the secrets in the properties of the custom resource, in which CloudFormation resolves no reference to a secret.
 *
 * Call it at synthesis, before the CDK resolves the properties: its own error for a SecretValue suggests unsafeUnwrap,
 * which does not help here.
 */
export function checkSecrets(resource: CfnResource, reader: ResourceReader): string[] {
  const { Properties } = reader.read(resource).replaceReferences((reference) => readDefault(reference) ?? resource.stack.resolve(reference));
  return [...findTexts(Properties)].flatMap(([path, text]) => [...describeSecret(path, text)]);
}

function* describeSecret(path: string, text: string): Generator<string> {
  const [secret] = SECRET.exec(text) ?? [];
  if (secret) {
    yield `${path} must not contain the value of a secret, got: ${secret}; CloudFormation does not resolve it in a custom resource, so use secrets of the container in the taskDefinition instead`;
  }
}

/** Every text in the resolved properties, with the path of its prop. An item of a list that has a name is called by it. */
function* findTexts(value: any, path: string[] = []): Generator<[path: string, text: string]> {
  if (typeof value !== 'object' || value === null || isIntrinsic(value)) {
    yield [renderPath(path), toText(value)];
  } else if (Array.isArray(value)) {
    for (const item of value) {
      const { name, key = name, ...members } = Object(item);
      yield [renderPath(path), toText(key ?? '')];
      yield* findTexts(key === undefined ? item : members.value ?? members, key === undefined ? path : [...path, toText(key)]);
    }
  } else {
    for (const [member, child] of Object.entries(value)) {
      yield* findTexts(child, [...path, member]);
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
function toText(value: any): string {
  if (typeof value !== 'object' || value === null) {
    return String(value);
  }
  const { 'Fn::Join': join, 'Fn::Sub': sub } = value;
  if (Array.isArray(join?.[1])) {
    return join[1].map(toText).join(join[0]);
  }
  if (sub !== undefined) {
    const [text, variables = {}] = [sub].flat();
    return toText(text).replace(/\$\{([^}]+)\}/g, (_, name) => toText(variables[name] ?? name));
  }
  return Object.values(value).map(toText).join(' ');
}

function isIntrinsic(value: object): boolean {
  const [name, ...others] = Object.keys(value);
  return others.length === 0 && /^(Ref|Fn::\w+)$/.test(name);
}

/** The default of a parameter: CloudFormation does not resolve a secret that is the value of a parameter, either. */
function readDefault({ target }: Reference): string | undefined {
  return target instanceof CfnParameter && typeof target.default === 'string' ? target.default : undefined;
}
