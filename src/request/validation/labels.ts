import { Stack, Token } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { addPath, hasWrongLength, isKnown, LIMITS } from './limits';
import { RESERVED_TAG } from '../../contract';
import type { RunTaskProps } from '../../run-task-props';
import { isText, listBranches, readKnownPart } from '../intrinsics';
import { collectTags } from '../tags';

interface Tags {
  readonly [key: string]: string;
}

/** If the user sets startedBy, the function finds the task by a tag. */
export function findMostTags({ startedBy }: RunTaskProps): number {
  return startedBy === undefined ? LIMITS.tags[1] : LIMITS.tags[1] - 1;
}

export function* checkLabels(props: RunTaskProps): Generator<string> {
  const { propagateTags, tags = {} } = props;
  yield* checkIdentifiers(props);
  if (propagateTags === ecs.PropagatedTagSource.SERVICE) {
    yield 'propagateTags must be TASK_DEFINITION or NONE, got: SERVICE; no service starts this task';
  }
  yield* checkTags(tags, findMostTags(props));
  if (RESERVED_TAG in tags) {
    yield `tags must not have the reserved key '${RESERVED_TAG}'; choose another key`;
  }
}

/** Checks the known parts of the labels that the constructor did not know as a whole. The deployment can only add to these parts, not correct them. */
export function* checkResolvedLabels(scope: Construct, props: RunTaskProps): Generator<string> {
  const { startedBy, referenceId, volumes = [] } = props;
  const read = (text: string) => readKnownTexts(Stack.of(scope), text);
  const checkTexts = (tags: Tags) => Object.entries(tags).filter((tag) => tag.some((text) => Token.isUnresolved(text)))
    .flatMap(([key, value]) => checkBranches(read(key).flatMap((name) => read(value).map((text) => ({ [name]: text }))), checkTagTexts));
  yield* startedBy ? checkBranches(read(startedBy), (text) => checkIdentifiers({ startedBy: text })) : [];
  yield* referenceId ? checkBranches(read(referenceId), (text) => checkIdentifiers({ referenceId: text })) : [];
  yield* checkTexts(collectTags(props));
  for (const { tags = {} } of volumes.flatMap(({ config }) => config?.tagSpecifications ?? [])) {
    yield* addPath('volumes.tagSpecifications', checkTexts(tags));
  }
}

/** What is wrong in each branch of a condition: with an error in some of them only, the label can be right in the deployment. */
function checkBranches<T>(branches: T[], check: (branch: T) => Iterable<string>): string[] {
  const errors = branches.map((branch) => [...check(branch)]);
  return errors.every(({ length }) => length > 0) ? errors[0] : [];
}

/** The known part of a text in each branch of its condition; the text itself, if nothing of it is known. */
function readKnownTexts(stack: Stack, text: string): string[] {
  return listBranches(stack.resolve(text)).map((branch) => isText(branch) ? branch : readKnownPart(branch) || text);
}

function* checkIdentifiers({ startedBy, referenceId }: Partial<RunTaskProps>): Generator<string> {
  if (isKnown(startedBy) && (hasWrongLength('startedBy', startedBy) || !/^[\w/-]*$/.test(startedBy))) {
    yield `startedBy must have 1 to 128 letters, digits, hyphens, underscores and slashes, got: '${startedBy}' with length ${startedBy.length}`;
  }
  if (hasWrongLength('referenceId', referenceId)) {
    yield `referenceId must have at most 1024 characters, got: ${referenceId.length}`;
  }
}

/** Checks the limits that tags of a task and tags of its volume share. */
export function* checkTags(tags: Tags, most: number = LIMITS.tags[1]): Generator<string> {
  const count = Object.keys(tags).length;
  if (count > most) {
    yield `tags must have at most ${most} items${most < LIMITS.tags[1] ? ' together with startedBy' : ''}, got: ${count}`;
  }
  yield* checkTagTexts(tags);
  for (const [key, value] of Object.entries(tags)) {
    if (/^aws:/i.test(key) || /^aws:/i.test(value)) {
      yield `tags must not have keys or values that begin with 'aws:', got: '${key}' = '${value}'`;
    }
  }
}

function* checkTagTexts(tags: Tags): Generator<string> {
  for (const [key, value] of Object.entries(tags)) {
    if (hasWrongLength('tags.key', key)) {
      yield `tags must have keys of 1 to 128 characters, got: ${[...key].length}, '${key}'`;
    }
    if (hasWrongLength('tags.value', value)) {
      yield `tags must have values of at most 256 characters, got: ${[...value].length} for '${key}'`;
    }
    if (!hasTagCharacters(key) || !hasTagCharacters(value)) {
      yield `tags must contain only letters, digits, spaces and the characters _ . : / = + - @, got: '${key}' = '${value}'; remove or replace all other characters`;
    }
  }
}

function hasTagCharacters(text: string): boolean {
  return !isKnown(text) || /^[\p{L}\p{N}\p{Z}_.:/=+\-@]*$/u.test(text);
}
