import type { Evidence, Failure, Stopped } from './failure';
import { NOTES } from './texts';

const CUT = ' [cut]';

/** Lines of at most this many bytes are not cut further. */
const SHORT_ENOUGH = 300;

/** A line of the reason of an answer. */
export interface Line {
  /** Decides what is cut first when the reason is too long. */
  readonly kind: 'cause' | 'aws' | 'heading' | 'log' | 'place';
  readonly text: string;
}

/** A line that says what happened. */
export function sentence(text: string): Line {
  return { kind: 'cause', text };
}

/** The cause, what to do about it, the last log lines, and where the rest is. */
export function explain(failure: Failure, evidence: Evidence = {}): Line[] {
  const { taskArn, others = [], log, tail = [], unreadable, stopped } = evidence;
  const { awsReason, reason } = failure;
  const cause = [failure.cause, failure.wasRunning && stopped ? ', so it was stopped' : '', reason ? ` (${reason})` : ''].join('');
  return [
    sentence(onOneLine([cause, failure.advice].filter((part) => part !== undefined).map(punctuate).join(' '))),
    ...(awsReason ? [{ kind: 'aws', text: `AWS says: ${onOneLine(awsReason)}` } as const] : []),
    ...others.map((other) => ({ kind: 'aws', text: onOneLine(other) } as const)),
    ...(tail.length > 0 ? [{ kind: 'heading', text: 'The end of its log:' } as const] : []),
    ...tail.map((line) => ({ kind: 'log', text: `  ${line}` } as const)),
    ...(unreadable ? [place(NOTES.tailMissing(onOneLine(unreadable)))] : []),
    ...(log ? [place(`Log group ${log.group}, stream ${log.stream}${log.region ? `, in Region ${log.region}` : ''}.`)] : []),
    ...(taskArn ? [place(`Task ${taskArn}.`)] : []),
  ];
}

/** A failure within a line. */
export function formatFailure({ cause, awsReason }: Failure): string {
  return awsReason ? `${cause}. AWS says: ${awsReason}` : `${cause}.`;
}

/** A line that says where to look. */
export function place(text: string): Line {
  return { kind: 'place', text };
}

/** The tasks whose end was not confirmed, why one could not be stopped, and why there may be more of them. */
export function notStopped({ stillRunning, stopError, unseen }: Stopped): Line[] {
  return [
    ...stillRunning.map((taskArn) => place(NOTES.notStopped(taskArn))),
    ...(stopError && stillRunning.length > 0 ? [place(NOTES.stopFailed(onOneLine(String(stopError))))] : []),
    ...(unseen ? [place(NOTES.othersUnknown(onOneLine(String(unseen))))] : []),
  ];
}

/** What is cut first if a reason is too long. The location of the log is cut last. */
const CUT_FIRST: ReadonlyArray<ReadonlyArray<Line['kind']>> = [['log'], ['aws', 'cause'], ['heading', 'place']];

/**
 * Joins the lines within a number of bytes. Long log lines are cut and the log's oldest lines go first, but never the last
 * one, which shows most.
 */
export function fit(lines: readonly Line[], bytes: number): string {
  const all = lines.map(({ kind, text }) => ({ kind, text: printable(text) }));
  if (size(join(all)) <= bytes) {
    return join(all);
  }
  const short = all.map((line) => line.kind === 'log' ? { ...line, text: cutTo(line.text, Math.max(bytes / 4, SHORT_ENOUGH)) } : line);
  const last = short.findLastIndex(({ kind }) => kind === 'log');
  let over = size(join(short)) - bytes;
  const kept = short.filter(({ kind, text }, index) => {
    const goes = over > 0 && kind === 'log' && index !== last;
    over -= goes ? size(`${text}\n`) : 0;
    return !goes;
  });
  while (over > 0) {
    const sizes = kept.map(({ text }) => size(text));
    const isLong = (index: number) => sizes[index] >= SHORT_ENOUGH;
    const byRank = CUT_FIRST.map((kinds) => [...kept.keys()].filter((index) => isLong(index) && kinds.includes(kept[index].kind)));
    const long = byRank.find((indexes) => indexes.length > 0);
    if (!long) {
      return cutTo(join(kept), bytes);
    }
    const longest = long.reduce((one, other) => sizes[other] > sizes[one] ? other : one);
    kept[longest] = { ...kept[longest], text: cutTo(kept[longest].text, Math.max(sizes[longest] - over, sizes[longest] / 2)) };
    over = size(join(kept)) - bytes;
  }
  return join(kept);
}

function join(lines: readonly Line[]): string {
  return lines.map(({ text }) => text).join('\n');
}

/** Removes the commands of a terminal. If the end of one is missing, only its beginning is removed, so that no log line gets lost. None
 * is longer than a link: without a limit, a long line of binary data would take minutes. */
const TITLE_OR_LINK = /(?:\u001b[P\]X^_]|[\u0090\u0098\u009d-\u009f])(?:[^\u0007\u001b\u009c\n]{0,1000}(?:\u0007|\u001b\\|\u009c)|\d*;)?/g;

/** What consoles and the CLI can print: control characters have broken both, and some change what a reader sees. */
export function printable(text: string, tab = '  '): string {
  return text
    .toWellFormed()
    .replace(TITLE_OR_LINK, '')
    .replace(/(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]/g, '') // its colors
    .replace(/\u001b[ -/]*[0-~]/g, '') // its other commands
    .replace(/\t/g, tab)
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g, '')
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ''); // the direction of writing
}

/** The bytes of a text in the answer, whose JSON is plain ASCII. */
export function size(text: string): number {
  return asciiJson(text).length - 2;
}

/** JSON without a byte above 127, so that no reader on the way can mistake its encoding. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The text within a number of bytes, with a mark if it was longer and the mark has room. Cut in two, a number would be another one. */
function cutTo(text: string, bytes: number): string {
  if (size(text) <= bytes) {
    return text;
  }
  const mark = bytes >= CUT.length ? CUT : '';
  let room = bytes - mark.length;
  let kept = '';
  for (const character of text.endsWith(CUT) ? text.slice(0, -CUT.length) : text) {
    room -= size(character);
    if (room < 0) {
      kept = /\d/.test(character) ? kept.replace(/(?<!\d)\d{1,20}$/, '') : kept;
      break;
    }
    kept += character;
  }
  return kept + mark;
}

/** A line break in the words of others must not look like a line of ours. */
function onOneLine(text: string): string {
  return text.trim().replace(/\s*[\n\r\u2028\u2029]\s*/g, ' ');
}

function punctuate(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`; // it can end with the words of AWS
}

/** A duration as a person says it. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 120 ? formatCount(seconds, 'second') : formatCount(Math.round(seconds / 6) / 10, 'minute');
}

/** A number with its unit. */
export function formatCount(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
