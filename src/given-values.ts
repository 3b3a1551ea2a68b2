import { Token } from 'aws-cdk-lib';
import { Construct } from 'constructs';

const STRING_LISTS = ['command', 'entryPoint', 'exitCodeFrom'];
const STRING_MAPS = ['environment', 'tags', 'triggers'];
const LISTS = [
  ...STRING_LISTS, 'capacityProviderStrategies', 'containerOverrides', 'environmentFiles', 'inferenceAccelerators', 'placementConstraints',
  'placementStrategies', 'resourceRequirements', 'securityGroups', 'subnets', 'tagSpecifications', 'volumes',
];
/** Their constructs are checked when the task gets them, which the app can also do later. */
const SCOPES = ['executeAfter', 'executeBefore'];
const MAPS = [...STRING_MAPS, 'secrets'];

/** What each item of a list must name. */
const NAMES: { readonly [prop: string]: string } = { capacityProviderStrategies: 'capacityProvider', containerOverrides: 'containerName' };

/** The props that have such lists and maps as members. */
const STRUCTS = ['onDelete', 'taskOverrides', 'vpcSubnets'];

/**
 * Lists what is missing in the lists and maps of props, or is not a string there. The types forbid both, but an assertion such as
 * `process.env.X!` only claims that there is a value, and JavaScript has no types.
 *
 * @param path The path of the props, with a full stop at its end.
 */
export function* checkValues(props: object, path = ''): Generator<string> {
  for (const [prop, value] of Object.entries(props)) {
    if (value === undefined || (Token.isUnresolved(value) && !Construct.isConstruct(value))) { // a stack has the form of a token
      continue;
    } else if (LISTS.includes(prop) || SCOPES.includes(prop)) {
      yield* checkList(prop, value, path);
    } else if (MAPS.includes(prop)) {
      yield* checkMap(prop, value, path);
    } else if (STRUCTS.includes(prop)) {
      yield* checkValues(Object(value), `${path}${prop}.`);
    }
  }
}

function* checkList(prop: string, list: any, path: string): Generator<string> {
  if (!Array.isArray(list)) {
    yield `${path}${prop} must be a list, got: ${describeValue(list)}`;
    return;
  }
  for (const [index, item] of SCOPES.includes(prop) ? [] : list.entries()) {
    yield* checkValue(item, `${path}${prop}[${index}]`, STRING_LISTS.includes(prop));
    if (item && NAMES[prop]) {
      yield* checkValue(item[NAMES[prop]], `${path}${prop}[${index}].${NAMES[prop]}`, true);
    }
    if (prop === 'containerOverrides') {
      yield* checkValues(Object(item), `${path}${prop}.${item?.containerName}.`);
    } else if (prop === 'tagSpecifications') {
      yield* checkValues(Object(item), `${path}${prop}.`);
    } else if (prop === 'volumes') {
      yield* checkValues(Object(item?.config), `${path}${prop}.`);
    }
  }
}

function* checkMap(prop: string, map: any, path: string): Generator<string> {
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    yield `${path}${prop} must be a map, got: ${describeValue(map)}`;
    return;
  }
  for (const [name, value] of Object.entries(map)) {
    yield* checkValue(value, `${path}${prop}.${name}`, STRING_MAPS.includes(prop));
  }
}

function* checkValue(value: unknown, path: string, isString: boolean): Generator<string> {
  if (value === undefined || value === null) {
    yield `${path} must have a value, got: nothing; set it or leave it out: a variable of process.env has no value unless it is set where you run the CDK`;
  } else if (isString && typeof value !== 'string' && !Token.isUnresolved(value)) {
    yield `${path} must be a string, got: ${describeValue(value)}; convert it to a string`;
  }
}

/** A value of any type, for the message of an error. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string': return `'${value}'`;
    case 'object': return value === null ? 'nothing' : Array.isArray(value) ? 'a list' : 'an object';
    case 'undefined': return 'nothing';
    case 'function': return 'a function';
    default: return `the ${typeof value} ${String(value)}`;
  }
}
