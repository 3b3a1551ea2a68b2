import { Token } from 'aws-cdk-lib';
import { Construct } from 'constructs';

const STRING_LISTS = ['command', 'entryPoint', 'exitCodeFrom'];
const STRING_MAPS = ['environment', 'tags', 'triggers'];
const LISTS = [
  ...STRING_LISTS, 'capacityProviderStrategies', 'containerOverrides', 'environmentFiles', 'inferenceAccelerators', 'placementConstraints',
  'placementStrategies', 'resourceRequirements', 'securityGroups', 'subnets', 'successExitCodes', 'tagSpecifications', 'volumes',
];
/** Their constructs are checked when the task gets them, which the app can also do later. */
const SCOPES = ['executeAfter', 'executeBefore'];
const MAPS = [...STRING_MAPS, 'secrets'];
/** The lists and maps that only the deployment can know. Synthesis reads all others. */
const LATE = [...STRING_LISTS, 'successExitCodes', 'triggers'];

/** What each item of a list must name. */
const NAMES: { readonly [prop: string]: string } = {
  capacityProviderStrategies: 'capacityProvider', containerOverrides: 'containerName', inferenceAccelerators: 'deviceName', resourceRequirements: 'type',
};

/** The props that have such lists and maps as members. */
const STRUCTS = ['onDelete', 'runtimePlatform', 'sharingStrategy', 'taskOverrides', 'vpcSubnets'];

/** A stack has the form of a token, too. */
const isToken = (value: unknown) => Token.isUnresolved(value) && !Construct.isConstruct(value);

const hasMethod = (name: string) => (value: any) => typeof value?.[name] === 'function';

const isObject = (value: any) => typeof value === 'object' && value !== null && !Array.isArray(value) && !Token.isUnresolved(value);

/** What the value of a prop must be, or each item of its list or map. Numbers, which can also be tokens, are checked with their limits. */
const KINDS: ReadonlyArray<readonly [kind: string, props: string[], isOfKind: (value: any) => boolean]> = [
  ['a string', [
    ...STRING_LISTS, ...STRING_MAPS, ...Object.values(NAMES), 'family', 'group', 'platformVersion', 'referenceId', 'startedBy',
  ], (value) => typeof value === 'string' || isToken(value)],
  ['a boolean', [
    'assignPublicIp', 'deleteOnTermination', 'enableEcsManagedTags', 'enableExecuteCommand', 'inheritTags',
  ], (value) => typeof value === 'boolean' || isToken(value)],
  ['an object', STRUCTS, isObject],
  ['a Duration', ['timeout'], hasMethod('toSeconds')],
  ['a Size', ['volumeInitializationRate'], hasMethod('toMebibytes')],
  ['a ContainerImage', ['image'], hasMethod('bind')],
  ['an ecs.Secret', ['secrets'], (value) => hasMethod('grantRead')(value) && value.arn !== undefined],
  ['a construct', [
    'cluster', 'executionRole', 'logGroup', 'role', 'securityGroups', 'service', 'subnets', 'taskDefinition', 'taskRole', 'volumes', 'vpc',
  ], (value) => hasMethod('findAll')(value.node)], // a construct of another language has only the members of its interface
  ['an EnvironmentFile', ['environmentFiles'], hasMethod('bind')],
  ['a PlacementConstraint', ['placementConstraints'], hasMethod('toJson')],
  ['a PlacementStrategy', ['placementStrategies'], hasMethod('toJson')],
];

/**
 * Lists what is missing in props, or has another type. The types forbid both, but an assertion such as `process.env.X!` only claims that
 * there is a value, and JavaScript has no types.
 *
 * @param path The path of the props, with a full stop at its end.
 */
export function* checkValues(props: object, path = ''): Generator<string> {
  for (const [prop, value] of Object.entries(props)) {
    if (value === undefined || (LATE.includes(prop) && isToken(value))) {
      continue;
    } else if (LISTS.includes(prop) || SCOPES.includes(prop)) {
      yield* checkList(prop, value, path);
    } else if (MAPS.includes(prop)) {
      yield* checkMap(prop, value, path);
    } else {
      yield* checkValue(value, `${path}${prop}`, prop);
      yield* STRUCTS.includes(prop) ? checkValues(Object(value), `${path}${prop}.`) : [];
    }
  }
}

function* checkList(prop: string, list: any, path: string): Generator<string> {
  if (!Array.isArray(list)) {
    yield `${path}${prop} must be a list, got: ${describeValue(list)}`;
    return;
  }
  for (const [index, item] of SCOPES.includes(prop) ? [] : list.entries()) {
    yield* checkValue(item, `${path}${prop}[${index}]`, prop);
    if (item && NAMES[prop]) {
      yield* checkValue(item[NAMES[prop]], `${path}${prop}[${index}].${NAMES[prop]}`, NAMES[prop]);
    }
    if (prop === 'containerOverrides') {
      yield* checkValues({ ...item, containerName: undefined }, `${path}${prop}.${item?.containerName}.`); // its name is checked already
    } else if (['resourceRequirements', 'tagSpecifications'].includes(prop)) {
      yield* checkValues(Object(item), `${path}${prop}.`);
    } else if (prop === 'volumes') {
      yield* checkValues(Object(item?.config), `${path}${prop}.`);
    }
  }
}

function* checkMap(prop: string, map: any, path: string): Generator<string> {
  if (!isObject(map)) {
    yield `${path}${prop} must be a map, got: ${describeValue(map)}`;
    return;
  }
  for (const [name, value] of Object.entries(map)) {
    yield* checkValue(value, `${path}${prop}.${name}`, prop);
  }
}

function* checkValue(value: unknown, path: string, prop: string): Generator<string> {
  const [kind, , isOfKind] = KINDS.find(([, props]) => props.includes(prop)) ?? [];
  if (value === undefined || value === null) {
    yield `${path} must have a value, got: nothing; set it, or leave it out if it is optional: a variable of process.env has no value unless it is set where you run the CDK`;
  } else if (isOfKind && !isOfKind(value)) {
    yield `${path} must be ${kind}, got: ${describeValue(value)}${kind === 'a string' ? '; convert it to a string' : ''}`;
  }
}

/** A value of any type, for the message of an error. */
export function describeValue(value: unknown): string {
  if (isToken(value) || (typeof value === 'string' && Token.isUnresolved([value]))) {
    return 'a token';
  }
  switch (typeof value) {
    case 'string': return `'${value}'`;
    case 'object': return value === null ? 'nothing' : Array.isArray(value) ? 'a list' : 'an object';
    case 'undefined': return 'nothing';
    case 'function': return 'a function';
    default: return `the ${typeof value} ${String(value)}`;
  }
}
