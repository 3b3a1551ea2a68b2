import type { Evidence, Failure } from './failure';

const CUT = ' [cut]';

/** The bytes of a line that says nothing any more when it is cut further. */
const SHORT_ENOUGH = 300;

/** Begins the words of ECS, of which the first ones tell most. */
const SAID = 'AWS says: ';

/** The cause, what to do about it, the last log lines, and where the rest is. */
export function explain(failure: Failure, evidence: Evidence = {}): string[] {
  const { taskArn, log, tail = [] } = evidence;
  return [
    failure.advice ? `${sentence(failure.cause)} ${sentence(failure.advice)}` : sentence(failure.cause),
    ...(failure.awsReason ? [SAID + failure.awsReason] : []),
    ...(tail.length > 0 ? ['The end of its log:', ...tail.map((line) => `  ${line}`)] : []),
    ...(log ? [`Log group ${log.group}, stream ${log.stream}.`] : []),
    ...(taskArn ? [`Task ${taskArn}.`] : []),
  ];
}

/** The tasks that were not seen to end, and why there may be more of them. */
export function notStopped(taskArns: Iterable<string>, unseen?: unknown): string[] {
  return [
    ...Array.from(taskArns, (taskArn) => `May still be running, stop it by hand: ${taskArn}.`),
    ...(unseen ? [`More of its tasks may still be running: the function could not look for them (${unseen}).`] : []),
  ];
}

/**
 * Joins the lines within a number of bytes. Lines in the middle go first, the log's oldest before its newest, and then
 * the cause and the words of ECS are cut, and others only after them: the beginning of the cause at the top and the places
 * to look at the bottom end the search.
 */
export function fit(lines: readonly string[], bytes: number, indent = '  '): string {
  const all = lines.map(printable);
  let over = size(all.join('\n')) - bytes;
  const kept = all.filter((line, index) => {
    const goes = over > 0 && index > 0 && line.startsWith(indent);
    over -= goes ? size(`${line}\n`) : 0;
    return !goes;
  });
  while (over > 0) {
    const sizes = kept.map(size);
    const long = sizes.flatMap((most, index) => most >= SHORT_ENOUGH ? [index] : []);
    const words = long.filter((index) => index === 0 || kept[index].startsWith(SAID));
    if (long.length === 0) {
      return cut(kept.join('\n'), bytes);
    }
    const longest = (words.length > 0 ? words : long).reduce((one, other) => sizes[other] > sizes[one] ? other : one);
    kept[longest] = cut(kept[longest], Math.max(sizes[longest] - over, sizes[longest] / 2));
    over = size(kept.join('\n')) - bytes;
  }
  return kept.join('\n');
}

/** What consoles and the CLI can print: control characters in a reason have broken both. */
export function printable(text: string): string {
  return text
    .toWellFormed()
    .replace(/\u001b\[[0-?]*[ -/]*[@-~]/g, '') // colours of a terminal
    .replace(/\t/g, '  ')
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/g, '');
}

/** The bytes of a text in the answer, whose JSON is plain ASCII. */
export function size(text: string): number {
  return asciiJson(text).length - 2;
}

/** JSON without a byte above 127, so that no reader on the way can mistake its encoding. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function cut(text: string, bytes: number): string {
  let room = bytes - CUT.length;
  let kept = '';
  for (const character of text.endsWith(CUT) ? text.slice(0, -CUT.length) : text) {
    room -= size(character);
    if (room < 0) {
      break;
    }
    kept += character;
  }
  return kept + CUT;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** A duration as a person says it. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 6) / 10} minutes`;
}
