import * as ecs from 'aws-cdk-lib/aws-ecs';
import { isKnown } from './limits';
import { RESERVED_TAG } from '../../contract';
import type { RunTaskProps } from '../../run-task-props';

export function* checkLabels({ startedBy, referenceId, propagateTags, tags = {} }: RunTaskProps): Generator<string> {
  if (isKnown(startedBy) && !/^[\w/-]{1,128}$/.test(startedBy)) {
    yield `startedBy must have 1 to 128 letters, digits, hyphens, underscores and slashes, got: ${startedBy.length} characters, '${startedBy}'`;
  }
  if (isKnown(referenceId) && referenceId.length > 1024) {
    yield `referenceId must have at most 1024 characters, got: ${referenceId.length}`;
  }
  if (propagateTags === ecs.PropagatedTagSource.SERVICE) {
    yield 'propagateTags must be TASK_DEFINITION or NONE, got: SERVICE; no service starts this task';
  }
  const most = startedBy === undefined ? 50 : 49; // beside a startedBy of the user, the task gets a tag by which it is found
  const names = Object.keys(tags);
  if (names.length > most) {
    yield `tags must have at most ${most} items${most < 50 ? ' together with startedBy' : ''}, got: ${names.length}`;
  }
  if (RESERVED_TAG in tags) {
    yield `tags must not have the key '${RESERVED_TAG}', by which the function finds its tasks; choose another key`;
  }
  for (const [key, value] of Object.entries(tags)) {
    if (isKnown(key) && (key.length === 0 || key.length > 128)) {
      yield `tags must have keys of 1 to 128 characters, got: ${key.length}, '${key}'`;
    }
    if (isKnown(value) && value.length > 256) {
      yield `tags must have values of at most 256 characters, got: ${value.length} for '${key}'`;
    }
    if (/^aws:/i.test(key) || /^aws:/i.test(value)) {
      yield `tags must not have keys or values that begin with 'aws:', got: '${key}' = '${value}'`;
    }
  }
}
