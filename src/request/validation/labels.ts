import * as ecs from 'aws-cdk-lib/aws-ecs';
import { hasWrongLength, isKnown, LIMITS } from './limits';
import { RESERVED_TAG } from '../../contract';
import type { RunTaskProps } from '../../run-task-props';

interface Tags {
  readonly [key: string]: string;
}

/** If the user sets startedBy, the function finds the task by a tag. */
export function findMostTags({ startedBy }: RunTaskProps): number {
  return startedBy === undefined ? LIMITS.tags[1] : LIMITS.tags[1] - 1;
}

export function* checkLabels(props: RunTaskProps): Generator<string> {
  const { startedBy, referenceId, propagateTags, tags = {} } = props;
  if (isKnown(startedBy) && (hasWrongLength('startedBy', startedBy) || !/^[\w/-]*$/.test(startedBy))) {
    yield `startedBy must have 1 to 128 letters, digits, hyphens, underscores and slashes, got: '${startedBy}' with length ${startedBy.length}`;
  }
  if (hasWrongLength('referenceId', referenceId)) {
    yield `referenceId must have at most 1024 characters, got: ${referenceId.length}`;
  }
  if (propagateTags === ecs.PropagatedTagSource.SERVICE) {
    yield 'propagateTags must be TASK_DEFINITION or NONE, got: SERVICE; no service starts this task';
  }
  yield* checkTags(tags, findMostTags(props));
  if (RESERVED_TAG in tags) {
    yield `tags must not have the reserved key '${RESERVED_TAG}'; choose another key`;
  }
}

/** Checks the limits that tags of a task and tags of its volume share. */
export function* checkTags(tags: Tags, most: number = LIMITS.tags[1]): Generator<string> {
  const count = Object.keys(tags).length;
  if (count > most) {
    yield `tags must have at most ${most} items${most < LIMITS.tags[1] ? ' together with startedBy' : ''}, got: ${count}`;
  }
  for (const [key, value] of Object.entries(tags)) {
    if (hasWrongLength('tags.key', key)) {
      yield `tags must have keys of 1 to 128 characters, got: ${[...key].length}, '${key}'`;
    }
    if (hasWrongLength('tags.value', value)) {
      yield `tags must have values of at most 256 characters, got: ${[...value].length} for '${key}'`;
    }
    if (/^aws:/i.test(key) || /^aws:/i.test(value)) {
      yield `tags must not have keys or values that begin with 'aws:', got: '${key}' = '${value}'`;
    }
    if (!hasTagCharacters(key) || !hasTagCharacters(value)) {
      yield `tags must contain only letters, digits, spaces and the characters _ . : / = + - @, got: '${key}' = '${value}'; remove or replace all other characters`;
    }
  }
}

function hasTagCharacters(text: string): boolean {
  return !isKnown(text) || /^[\p{L}\p{N}\p{Z}_.:/=+\-@]*$/u.test(text);
}
