import type { Belief, Check, Judgement } from './checks/check';
import { describeNotChecked, NOT_CHECKED } from './checks/not-checked';
import { mask } from './mask';
import type { CheckResult, RunState } from './run-state';

/** GitHub accepts 65,536 characters in an issue. */
const MOST_CHARACTERS = 60_000;

export interface Finding extends Judgement {
  readonly check: Check;
  readonly belief: Belief<any>;
}

/** Returns what a result shows about each belief of its check. */
export function judge(check: Check, { evidence, error }: CheckResult, isLocalEngine: boolean): Finding[] {
  return check.beliefs.map((belief) => ({ check, belief, ...judgeBelief(belief, evidence, error, isLocalEngine) }));
}

function judgeBelief(belief: Belief<any>, evidence: unknown, error: string | undefined, isLocalEngine: boolean): Judgement {
  if (isLocalEngine && belief.onlyOnAws) {
    return { verdict: 'not seen', seen: `The local engine cannot show it: ${belief.onlyOnAws}` };
  }
  return error ? { verdict: 'not seen', seen: `The check failed: ${error.split('\n')[0]}` } : belief.judge(evidence);
}

/** Returns what a finding means for the code, if it changes anything. */
export const meaningOf = ({ verdict, belief }: Finding): string | undefined =>
  ({ 'refuted': belief.ifRefuted, 'confirmed': belief.ifConfirmed, 'not seen': undefined })[verdict];

export const isOnlyOnAws = ({ beliefs }: Check): boolean => beliefs.every(({ onlyOnAws }) => onlyOnAws);

/** Returns the findings of all checks of a run. They include checks that did not run because the local engine lacks the parts. */
export function findingsOf(state: RunState, checks: readonly Check[], isLocalEngine: boolean): Finding[] {
  return checks.filter(({ id }) => state.checks.includes(id))
    .flatMap((check) => judge(check, state.results[check.id] ?? { seconds: 0 }, isLocalEngine));
}

const cell = (text: string): string => text.replace(/\s+/g, ' ').replaceAll('|', '\\|');

export interface ReportProps {
  readonly state: RunState;
  readonly checks: readonly Check[];
  readonly isLocalEngine: boolean;
  /** The version of this repository. */
  readonly version: string;
  /** What still has the tag of the run after the clean-up. */
  readonly left: readonly string[];
}

/** Writes the report of a run, in Markdown for an issue, without the id of the account. */
export function writeReport(props: ReportProps): string {
  const isSettled = (check: Check) => judge(check, props.state.results[check.id], props.isLocalEngine).every(({ verdict }) => verdict === 'confirmed');
  const done = props.checks.filter(({ id }) => id in props.state.results);
  const whole = compose(props, done);
  return whole.length <= MOST_CHARACTERS ? whole : compose(props, done.filter((check) => !isSettled(check)));
}

function compose({ state, checks, isLocalEngine, version, left }: ReportProps, withEvidence: readonly Check[]): string {
  const findings = findingsOf(state, checks, isLocalEngine);
  const count = (verdict: string) => findings.filter((finding) => finding.verdict === verdict).length;
  const lines = [
    `## verify:account ${state.runId}`,
    '',
    `${isLocalEngine ? '**On a local engine, not on AWS.** ' : ''}Version ${version}, Region ${state.region}, begun ${state.startedAt}.`,
    `${count('confirmed')} confirmed, ${count('refuted')} refuted, ${count('not seen')} not seen.`,
    left.length > 0 ? `**Not cleaned up:** ${left.join(', ')}` : 'Everything that the run created is deleted.',
    '',
    '| verdict | believed | seen | check |',
    '|---|---|---|---|',
    ...findings.map(({ verdict, belief, seen, check }) => `| ${verdict === 'refuted' ? '**refuted**' : verdict} | ${cell(belief.believed)} | ${cell(seen)} | \`${check.id}\` |`),
    '', '### What it means for the code', '',
    ...findings.flatMap((finding) => meaningOf(finding) ? [`- ${finding.verdict}: ${finding.belief.believed} → ${meaningOf(finding)}`] : []),
    findings.some(meaningOf) ? '- The other findings change nothing.' : 'These findings change nothing.',
    '', '### Not checked', '',
    ...NOT_CHECKED.map((row) => `- ${describeNotChecked(row)}`),
    '', '### Evidence', '',
    ...withEvidence.flatMap((check) => evidenceOf(check, state.results[check.id])),
    ...withEvidence.length < Object.keys(state.results).length ? ['The evidence of the other checks is in the file beside the report.'] : [],
  ];
  return mask(`${lines.join('\n')}\n`, state.account);
}

function evidenceOf(check: Check, { seconds, evidence, error }: CheckResult): string[] {
  return [
    `<details><summary>${check.id} (${Math.round(seconds)} s)</summary>`, '',
    '```json', error ? JSON.stringify({ error }) : compact(evidence), '```', '', '</details>', '',
  ];
}

/** Renders JSON with one element of a list per line. */
function compact(evidence: any): string {
  const members = Object.entries(evidence).map(([key, value]) => Array.isArray(value) && value.length > 0
    ? `${JSON.stringify(key)}: [\n    ${value.map((element) => JSON.stringify(element)).join(',\n    ')}\n  ]`
    : `${JSON.stringify(key)}: ${JSON.stringify(value ?? null)}`);
  return `{\n  ${members.join(',\n  ')}\n}`;
}
