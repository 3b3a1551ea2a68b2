import type { Evidence, Failure } from './failure';

const CUT = ' [cut]';

/** The bytes of a line that is not worth cutting further. */
const SHORT_ENOUGH = 300;

/** A line of the reason of an answer. */
export interface Line {
  /** What is left out first when the reason is too long: the log, then the words of AWS and the cause, then the places to look. */
  readonly kind: 'cause' | 'aws' | 'heading' | 'log' | 'place';
  readonly text: string;
}

/** A line that says what happened. */
export function sentence(text: string): Line {
  return { kind: 'cause', text };
}

/** The cause, what to do about it, the last log lines, and where the rest is. */
export function explain(failure: Failure, evidence: Evidence = {}): Line[] {
  const { taskArn, log, tail = [] } = evidence;
  return [
    sentence([failure.cause, failure.advice].filter((part) => part !== undefined).map(punctuate).join(' ')),
    ...(failure.awsReason ? [{ kind: 'aws', text: `AWS says: ${failure.awsReason}` } as const] : []),
    ...(tail.length > 0 ? [{ kind: 'heading', text: 'The end of its log:' } as const] : []),
    ...tail.map((line) => ({ kind: 'log', text: `  ${line}` } as const)),
    ...(log ? [place(`Log group ${log.group}, stream ${log.stream}.`)] : []),
    ...(taskArn ? [place(`Task ${taskArn}.`)] : []),
  ];
}

/** A line that says where to look. */
export function place(text: string): Line {
  return { kind: 'place', text };
}

/** The tasks that were not seen to end, and why there may be more of them. */
export function notStopped(taskArns: Iterable<string>, unseen?: unknown): Line[] {
  return [
    ...Array.from(taskArns, (taskArn) => place(`May still be running, stop it by hand: ${taskArn}.`)),
    ...(unseen ? [place(`More of its tasks may still be running: the function could not look for them (${unseen}).`)] : []),
  ];
}

/**
 * Joins the lines within a number of bytes. The log's oldest lines go first, and then the cause and the words of AWS are cut,
 * and others only after them: the beginning of the cause at the top and the places to look at the bottom end the search.
 */
export function fit(lines: readonly Line[], bytes: number): string {
  const all = lines.map(({ kind, text }) => ({ kind, text: printable(text) }));
  const join = (some: readonly Line[]) => some.map(({ text }) => text).join('\n');
  let over = size(join(all)) - bytes;
  const kept = all.filter(({ kind, text }) => {
    const goes = over > 0 && kind === 'log';
    over -= goes ? size(`${text}\n`) : 0;
    return !goes;
  });
  while (over > 0) {
    const sizes = kept.map(({ text }) => size(text));
    const long = sizes.flatMap((most, index) => most >= SHORT_ENOUGH ? [index] : []);
    const words = long.filter((index) => kept[index].kind === 'cause' || kept[index].kind === 'aws');
    if (long.length === 0) {
      return cut(join(kept), bytes);
    }
    const longest = (words.length > 0 ? words : long).reduce((one, other) => sizes[other] > sizes[one] ? other : one);
    kept[longest] = { ...kept[longest], text: cut(kept[longest].text, Math.max(sizes[longest] - over, sizes[longest] / 2)) };
    over = size(join(kept)) - bytes;
  }
  return join(kept);
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

function punctuate(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** A duration as a person says it. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 6) / 10} minutes`;
}
