// What: writes RESULTS.md and its plots from results.json, which `npm run bench` keeps. It measures nothing.
// Run: npm run bench:report
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { draw, Theme, THEMES } from './plots';
import { isMet, markdown, Table } from './table';

/** Everything that a run measured. */
export interface Results {
  /** The date and the machine. */
  readonly conditions: string;
  readonly tables: readonly Table[];
}

export const barsOf = ({ tables }: Results) => tables.flatMap(({ bars = [] }) => bars);

/** Returns the files of the report, by name. */
export function reportOf(results: Results): ReadonlyMap<string, string> {
  const bars = barsOf(results);
  const page = [
    '# Measurements against the alternatives',
    '`npm run bench` writes this page; do not edit it. It measures all rows in the same run, on the same small app.',
    '- (a) `custom_resources.Provider` with onEvent and isComplete, as in the documentation of the CDK\n'
    + '- (b) `AwsCustomResource` with `ecs:runTask`, which does not wait\n'
    + '- (c) Step Functions `ecs:runTask.sync` behind a custom resource\n'
    + '- (d) `cdk-fargate-run-task` from npm, which does not wait\n'
    + '- (e) a plain Lambda function that waits with `waitUntilTasksStopped`',
    results.conditions,
    `${bars.filter(isMet).length} of ${bars.length} bars are met.`,
    ...results.tables.map(markdown),
  ].join('\n\n');
  const plots = results.tables.flatMap(({ plot }) => plot ?? []);
  return new Map([
    ['RESULTS.md', `${page}\n`],
    ...plots.flatMap((plot) => (Object.keys(THEMES) as Theme[]).map((theme) => [`plots/${plot.name}-${theme}.svg`, draw(plot, theme)] as const)),
  ]);
}

export function writeReport(folder: string, results: Results): void {
  for (const [name, content] of [['results.json', `${JSON.stringify(results, undefined, 1)}\n`], ...reportOf(results)]) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

if (require.main === module) {
  writeReport(__dirname, JSON.parse(readFileSync(join(__dirname, 'results.json'), 'utf8')));
}
