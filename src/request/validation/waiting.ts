import { Duration } from 'aws-cdk-lib';
import type { Construct, IConstruct } from 'constructs';
import { isIntegerWithin } from './limits';
import { describeValue } from '../../given-values';
import { OnRollback, RunOn, RunTaskProps } from '../../run-task-props';
import { LONGEST_SERVICE_TIMEOUT_SECONDS, LONGEST_TIMEOUT_SECONDS } from '../../timing';
import { resolveLazy } from '../known-values';

export function* checkTimeout({ timeout }: Pick<RunTaskProps, 'timeout'>, isForDelete = false): Generator<string> {
  const longest = isForDelete ? LONGEST_SERVICE_TIMEOUT_SECONDS : LONGEST_TIMEOUT_SECONDS;
  if (timeout && !timeout.isUnresolved() && !isIntegerWithin(timeout.toSeconds({ integral: false }), 1, longest)) {
    yield `timeout must be from 1 second to ${Duration.seconds(longest).toHumanString()}, in whole seconds, got: ${timeout.toHumanString()}`;
  }
  if (timeout?.isUnresolved() && timeout.unitLabel() !== 'seconds') {
    yield `timeout must be a Duration.seconds() if only the deployment knows its value, got: Duration.${timeout.unitLabel()}()`;
  }
}

/** How many resources wait for the task, one for each hour, is decided before the value of a lazy timeout is known. */
export function* checkLazyTimeout(scope: Construct, { timeout }: Pick<RunTaskProps, 'timeout'>): Generator<string> {
  const seconds = timeout?.isUnresolved() ? resolveLazy(scope, timeout.toSeconds()) : undefined;
  if (!isIntegerWithin(seconds, 1, LONGEST_SERVICE_TIMEOUT_SECONDS)) {
    yield `timeout must be from 1 second to 1 hour if it is lazy, in whole seconds, got: ${seconds} seconds`;
  }
}

export function* checkVerdict({ exitCodeFrom, successExitCodes, retryAttempts, logTailLines }: Partial<RunTaskProps>): Generator<string> {
  if (exitCodeFrom?.length === 0) {
    yield 'exitCodeFrom must name at least one container, got: []; remove exitCodeFrom to use the essential containers';
  }
  if (successExitCodes?.length === 0 || successExitCodes?.some((code) => !isIntegerWithin(code))) {
    yield `successExitCodes must be a list of at least one integer, got: [${successExitCodes.join(', ')}]`;
  }
  if (!isIntegerWithin(retryAttempts, 0, 10)) {
    yield `retryAttempts must be an integer from 0 to 10, got: ${retryAttempts}`;
  }
  if (!isIntegerWithin(logTailLines, 0, 10_000)) {
    yield `logTailLines must be an integer from 0 to 10000, got: ${logTailLines}`;
  }
}

export function* checkRollback({ onRollback, runOn }: RunTaskProps): Generator<string> {
  if (onRollback === OnRollback.RUN && runOn === RunOn.CREATE) {
    yield 'onRollback RUN and runOn CREATE cannot both be set, because with CREATE only the creation runs the task; remove one of them';
  }
}

/** Types do not keep everything else out: an element can be missing in other languages, and a list or a selection of subnets is no construct. */
export function* checkScopes(prop: 'executeAfter' | 'executeBefore', scopes: IConstruct[]): Generator<string> {
  const wrong = scopes.findIndex((scope) => typeof scope?.node?.findAll !== 'function');
  if (wrong !== -1) {
    yield `${prop} must be a list of constructs, got: ${describeValue(scopes[wrong])} at index ${wrong}; remove it, or name the construct itself`;
  }
}
