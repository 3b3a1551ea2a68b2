import { Token } from 'aws-cdk-lib';

/** The least and the most of each number, length and list in the pages of the ECS API. docs/limits.md lists them with their tests. */
export const LIMITS = {
  'count': [1, 10],
  'capacityProviderStrategies': [0, 20],
  'capacityProviderStrategies.weight': [0, 1_000],
  'capacityProviderStrategies.base': [0, 100_000],
  'placementConstraints': [0, 10],
  'placementConstraints.expression': [0, 2_000],
  'placementStrategies': [0, 5],
  'vpcSubnets': [1, 16],
  'securityGroups': [0, 5],
  'overrides': [0, 8_192],
  'environmentFiles': [0, 10],
  'memory': [4, Infinity],
  'maxComputePercent': [1, 100],
  'taskOverrides.ephemeralStorageGiB': [21, 200],
  'startedBy': [1, 128],
  'referenceId': [0, 1_024],
  'tags': [0, 50],
  'tags.key': [1, 128],
  'tags.value': [0, 256],
  'volumes': [0, 1],
  'volumeInitializationRate': [100, 300],
} satisfies { readonly [name: string]: readonly [least: number, most: number] };

export type Limit = keyof typeof LIMITS;

/** Whether a value is set, and known before the deployment. The only member of a list token is unknown, too. */
export function isKnown<T>(value: T | undefined): value is T {
  return value !== undefined && !Token.isUnresolved(value) && !Token.isUnresolved([value]);
}

export function isIntegerWithin(value: number | undefined, least = -Infinity, most = Infinity): boolean {
  return !isKnown(value) || (Number.isInteger(value) && value >= least && value <= most);
}

/** Whether a number breaks its limit. What only the deployment knows does not. */
export function isOutside(limit: Limit, value: number | undefined): value is number {
  const [least, most] = LIMITS[limit];
  return !isIntegerWithin(value, least, most);
}

/** Whether the length of a text in characters, or of a list, breaks its limit. What only the deployment knows does not. */
export function hasWrongLength<T extends string | readonly unknown[]>(limit: Limit, value: T | undefined): value is T {
  return isKnown(value) && isOutside(limit, [...value].length);
}

/** Each error begins with the name of its prop. This puts the path of the prop before it. */
export function* addPath(path: string, errors: Iterable<string>): Generator<string> {
  for (const error of errors) {
    yield `${path}.${error}`;
  }
}
