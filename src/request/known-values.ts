import { Token } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { readReferences, readValue } from './resource-reader';

/** A value with what its lazy tokens stand for, which is known when the app is complete. What only the deployment knows stays a token. */
export function resolveLazy<T>(scope: Construct, value: T): T;
export function resolveLazy(scope: Construct, value: any): unknown {
  if (Construct.isConstruct(value)) {
    return value;
  }
  if (Token.isUnresolved(value)) {
    const resolved = readReferences(readValue(scope, value));
    const isUnknown = Token.isUnresolved(resolved) || (typeof resolved === 'object' && !Array.isArray(resolved));
    return isUnknown ? value : convert(resolved, value);
  }
  if (Array.isArray(value)) {
    return value.map((item) => resolveLazy(scope, item));
  }
  const isMap = typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
  return isMap ? Object.fromEntries(Object.entries(value).map(([name, member]) => [resolveLazy(scope, name), resolveLazy(scope, member)])) : value;
}

/** CloudFormation converts numbers and texts in the same way. */
function convert(resolved: unknown, token: unknown): unknown {
  if (resolved === undefined || typeof resolved === typeof token || Array.isArray(resolved)) {
    return resolved;
  }
  return typeof token === 'number' ? Number(resolved) : typeof token === 'string' ? String(resolved) : resolved;
}
