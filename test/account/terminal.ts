import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import type { Check } from './checks/check';
import { NOT_CHECKED } from './checks/not-checked';
import { costOf, dollars, minutesOf, totalCost } from './plan';
import type { Finding } from './report';

type Style = Parameters<typeof styleText>[0];

const styled = (style: Style, text: string): string => process.stdout.isTTY && !process.env.NO_COLOR ? styleText(style, text) : text;

export const say = (line = ''): void => console.log(line);
export const sayBold = (line: string): void => say(styled('bold', line));
export const sayError = (line: string): void => console.error(`\n❌  ${styled('red', line)}`);

/** A line of what is going on, as `cdk deploy --progress events` prints them. */
export const sayProgress = (name: string) => (line: string): void => say(`${name} | ${new Date().toLocaleTimeString('en-US')} | ${line}`);

export function sayPlan(checks: readonly Check[]): void {
  for (const check of checks) {
    sayBold(`\n${check.id}`);
    say(`  ${check.does}`);
    say(`  creates: ${check.creates}; about ${check.minutes} minutes and ${dollars(costOf(check))}`);
    check.beliefs.forEach(({ believed }) => say(`  - ${believed}`));
  }
  sayBold('\nNot checked');
  NOT_CHECKED.forEach(({ believed, because }) => say(`  - ${believed}\n    ${because}`));
  say(`\nTogether (${checks.length}): about ${minutesOf(checks)} minutes and ${dollars(totalCost(checks))}.`);
}

const MARKS = { 'confirmed': '✅', 'refuted': '❌', 'not seen': '⚪' };

export function sayFindings(name: string, seconds: number, findings: readonly Finding[]): void {
  say(`\n✨  ${name}: checked in ${seconds.toFixed(2)}s`);
  findings.forEach(({ verdict, belief, seen }) => say(` ${MARKS[verdict]}  ${styled('bold', verdict)}: ${belief.believed}\n     ${seen}`));
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
