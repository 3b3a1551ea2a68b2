import type { Plot } from './plots';

/** A table of the report, with its limits. */
export interface Table {
  readonly title: string;
  /** The method of the measurement, and what it shows. */
  readonly text: string;
  readonly head: readonly string[];
  readonly rows: ReadonlyArray<ReadonlyArray<string | number>>;
  readonly bars?: readonly Bar[];
  /** The text below the table: alternatives that were tried and dropped. */
  readonly notes?: readonly string[];
  readonly plot?: Plot;
}

/** The limit of a measurement. */
export interface Bar {
  readonly what: string;
  readonly is: number;
  readonly atMost: number;
  readonly unit?: string;
  /** Why the limit cannot be met. */
  readonly because?: string;
}

export function markdown({ title, text, head, rows, bars = [], notes = [], plot }: Table): string {
  const line = (cells: ReadonlyArray<string | number>) => `| ${cells.join(' | ')} |`;
  return [
    `## ${title}`,
    text,
    ...(plot ? [`<picture><source media="(prefers-color-scheme: dark)" srcset="plots/${plot.name}-dark.svg">![${plot.alt}](plots/${plot.name}-light.svg)</picture>`] : []),
    ...(rows.length > 0 ? [[line(head), line(head.map((_, column) => column === 0 ? '---' : '--:')), ...rows.map(line)].join('\n')] : []),
    ...(bars.length > 0 ? [[
      line(['bar', 'at most', 'measured', 'met']),
      line(['---', '--:', '--:', '---']),
      ...bars.map(({ what, is, atMost, unit = '', because }) => line([
        what, `${round(atMost)}${unit}`, `${round(is)}${unit}`, isMet({ is, atMost }) ? 'yes' : `**no**${because ? `: ${because}` : ''}`,
      ])),
    ].join('\n')] : []),
    ...(notes.length > 0 ? [notes.map((note) => `- ${note}`).join('\n')] : []),
  ].join('\n\n');
}

export function isMet({ is, atMost }: Pick<Bar, 'is' | 'atMost'>): boolean {
  return is <= atMost;
}

/** Formats a number with three significant digits, but without dropping digits before the point. */
export function round(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}

/** Returns the value below which this share of the values lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
