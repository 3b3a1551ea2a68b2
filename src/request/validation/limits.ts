import { Token } from 'aws-cdk-lib';

/** Whether a value is set, and known before the deployment. */
export function isKnown<T>(value: T | undefined): value is T {
  return value !== undefined && !Token.isUnresolved(value);
}

export function isIntegerWithin(value: number | undefined, least = -Infinity, most = Infinity): boolean {
  return !isKnown(value) || (Number.isInteger(value) && value >= least && value <= most);
}

export function isLongerThan<T>(most: number, list: readonly T[] | undefined): list is readonly T[] {
  return isKnown(list) && list.length > most;
}

/** Each error begins with the name of its prop. This puts the path of the prop before it. */
export function* addPath(path: string, errors: Iterable<string>): Generator<string> {
  for (const error of errors) {
    yield `${path}.${error}`;
  }
}
