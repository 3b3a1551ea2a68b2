/** How the demo prints what it does. */
const begin = Date.now();
const steps: { title: string; seconds: number }[] = [];
let claims = 0;

export const say = (text: string): void => console.log(text);

export const show = (lines: string[]): void => console.log(lines.map((line) => `    | ${line}`).join('\n'));

/** A step of the story, with the time that it takes. */
export async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  say(`\n${steps.length + 1}. ${title}`);
  const from = Date.now();
  const result = await work();
  const seconds = (Date.now() - from) / 1000;
  steps.push({ title, seconds });
  say(`   (${seconds.toFixed(1)} s)`);
  return result;
}

/** A claim that must be true; else the demo ends, with the evidence. */
export function check(claim: string, isTrue: boolean, evidence = ''): void {
  if (!isTrue) {
    throw new Error(`it is not true that ${claim}.\n${evidence.split('\n').slice(-60).join('\n')}`);
  }
  claims += 1;
  say(`   ✓ ${claim}`);
}

/** What the CLI says at its end, from the error on. */
export function endOfOutput(output: string): string[] {
  const lines = output.trimEnd().split('\n');
  return lines.slice(Math.max(0, lines.findIndex((line) => line.includes('❌'))));
}

/** The CLI breaks lines to fit the terminal. */
export const inOneLine = (output: string): string => output.replace(/\s+/g, ' ');

export function printSummary(): void {
  say(`\nAll ${claims} claims are true. The demo took ${((Date.now() - begin) / 1000).toFixed(0)} s.`);
  steps.forEach(({ title, seconds }, index) => say(`${seconds.toFixed(1).padStart(7)} s  ${index + 1}. ${title}`));
}
