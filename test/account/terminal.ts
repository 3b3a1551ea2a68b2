import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import type { Check } from './checks/check';
import { NOT_CHECKED } from './checks/not-checked';
import { CLEAN_UP_MINUTES, costOf, dollars, GROUND_MINUTES, minutesOf, totalCost } from './plan';
import { Finding, meaningOf } from './report';

type Style = Parameters<typeof styleText>[0];

const styled = (style: Style, text: string): string => process.stdout.isTTY && !process.env.NO_COLOR ? styleText(style, text) : text;

export const say = (line = ''): void => console.log(line);
export const sayBold = (line: string): void => say(styled('bold', line));
export const sayError = (line: string): void => console.error(`\n❌  ${styled('red', line)}`);

/** Prints a line of progress, like `cdk deploy --progress events`. */
export const sayProgress = (name: string) => (line: string): void => say(`${name} | ${new Date().toLocaleTimeString('en-US')} | ${line}`);

export function sayPlan(checks: readonly Check[]): void {
  say('\nEach check deploys to AWS, and then confirms or refutes these assumptions of docs/aws-behaviour.md.');
  for (const check of checks) {
    sayBold(`\n${check.id}: about ${check.minutes} minutes, ${dollars(costOf(check))}`);
    say(`  ${check.does}`);
    say(`  Creates: ${check.creates}.`);
    check.beliefs.forEach(({ believed }) => say(`  - ${believed}`));
  }
  sayBold('\nNot checked here');
  NOT_CHECKED.forEach(({ believed, because, manually }) => say(`  - ${believed}\n    Why: ${because}\n    To check manually: ${manually}`));
  sayBold(`\nTogether: about ${minutesOf(checks)} minutes, ${dollars(totalCost(checks))}`);
  say(`  ${checks.length} ${checks.length === 1 ? 'check' : 'checks'}, one after the other. Before them, ${GROUND_MINUTES} minutes for a VPC, a cluster and a log group that they share; `
    + `after them, ${CLEAN_UP_MINUTES} minutes for deleting everything. Both are free.`);
}

const MARKS = { 'confirmed': '✅', 'refuted': '❌', 'not seen': '⚪' };

export function sayFindings(name: string, seconds: number, findings: readonly Finding[]): void {
  say(`\n✨  ${name}: checked in ${seconds.toFixed(2)}s`);
  for (const finding of findings) {
    const { verdict, belief, seen } = finding;
    say(` ${MARKS[verdict]}  ${styled('bold', verdict)}: ${belief.believed}\n     Seen: ${seen}`);
    if (meaningOf(finding)) {
      say(`     For the code: ${meaningOf(finding)}`);
    }
  }
  say();
}

export async function ask(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new Error('The terminal is not attached, so nobody can be asked. Use --yes to agree beforehand.');
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} (y/n)? `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
