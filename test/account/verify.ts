import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { Account, findAccount } from './account';
import { cdk } from './cdk';
import { CHECKS } from './checks';
import type { Check } from './checks/check';
import { cleanUp, deleteLogGroups, deleteStack, findRuns } from './clean-up';
import { mask } from './mask';
import { findingsOf, isOnlyOnAws, judge, writeReport } from './report';
import { CheckResult, decideStart, FOLDER, readState, remainingChecks, RunState, writeState } from './run-state';
import { Scene } from './scene';
import { buildGround, createApp, Ground, GROUND } from './stacks';
import { stackName, TAG } from './tags';
import { ask, say, sayBold, sayError, sayFindings, sayPlan, sayProgress } from './terminal';

export interface VerifyOptions {
  readonly checks: readonly Check[];
  readonly image: string;
  readonly resume: boolean;
  readonly yes: boolean;
}

/** Runs the whole program: plan, consent, checks, clean-up, report. Returns the exit code. */
export async function verify(options: VerifyOptions): Promise<number> {
  const account = await findAccount();
  const start = decideStart(options.resume, readState(account), await findRuns(account));
  if (start.kind === 'refuse') {
    sayError(start.because);
    return 1;
  }
  const state = start.kind === 'resume' ? start.state : newRun(account, options);
  sayIntroduction(account, state, options.checks);
  if (start.kind === 'new' && !options.yes && !await ask('Do you wish to create these resources')) {
    say('Nothing was created.');
    return 0;
  }
  writeState(state);
  if (state.phase === 'checking') {
    await runChecks(account, state);
    state.phase = 'cleaning up';
    writeState(state);
  }
  return finish(account, state);
}

function newRun({ id, region }: Account, { checks, image }: VerifyOptions): RunState {
  return {
    runId: randomBytes(4).toString('hex'),
    account: id,
    region,
    image,
    checks: checks.map((check) => check.id),
    startedAt: new Date().toISOString(),
    phase: 'checking',
    results: {},
  };
}

function sayIntroduction({ id, region, localEngine }: Account, state: RunState, chosen: readonly Check[]): void {
  const resumed = Object.keys(state.results).length > 0 || state.phase !== 'checking';
  sayBold(`\n✨  Run ${state.runId} in account ${id}, Region ${region}${resumed ? `, resumed; remaining checks: ${remainingChecks(state).length}` : ''}`);
  sayPlan(resumed ? checksOf(remainingChecks(state)) : chosen);
  say(`All of it is in stacks named ${stackName(state.runId, '*')}, has the tag ${TAG}=${state.runId}, and is deleted at the end.`);
  say('The environment must be bootstrapped (cdk bootstrap). Nothing else in the account is changed.');
  if (localEngine) {
    sayBold(`\nThis is not AWS: AWS_ENDPOINT_URL is ${localEngine}. What a local engine cannot show is reported as not seen:`);
    chosen.forEach(({ id: check, beliefs }) => beliefs.filter(({ onlyOnAws }) => onlyOnAws)
      .forEach(({ believed, onlyOnAws }) => say(`  - ${check}: ${believed}\n    ${onlyOnAws}`)));
  }
}

const checksOf = (ids: readonly string[]): Check[] => CHECKS.filter(({ id }) => ids.includes(id));

async function runChecks(account: Account, state: RunState): Promise<void> {
  const checks = checksOf(remainingChecks(state)).filter((check) => !(account.localEngine && isOnlyOnAws(check)));
  if (checks.length === 0) {
    return;
  }
  const ground = await deployGround(account, state);
  for (const [index, check] of checks.entries()) {
    say(`\n${stackName(state.runId, check.id)}: checking... [${index + 1}/${checks.length}]`);
    const result = await runCheck(account, state, check, ground);
    state.results[check.id] = result;
    writeState(state);
    if (result.error) {
      sayError(`${check.id}: ${result.error}`);
    } else {
      sayFindings(check.id, result.seconds, judge(check, result, account.localEngine !== undefined));
    }
  }
}

async function runCheck(account: Account, { runId, image }: RunState, { id: check, observe }: Check, ground: Ground): Promise<CheckResult> {
  const scene = new Scene({ account, runId, check, image, ground, say: sayProgress(stackName(runId, check)) });
  const begin = Date.now();
  try {
    await deleteInterrupted(account, scene.stackName);
    const evidence = await observe(scene);
    return { seconds: (Date.now() - begin) / 1000, evidence };
  } catch (error) {
    return { seconds: (Date.now() - begin) / 1000, error: String(error instanceof Error ? error.message : error) };
  }
}

/** Deletes what an interrupted check left: its stack, and the log of its function. */
async function deleteInterrupted(account: Account, name: string): Promise<void> {
  const { Stacks = [] } = await account.cloudFormation.send(new DescribeStacksCommand({ StackName: name })).catch(() => ({ Stacks: [] }));
  await Promise.all(Stacks.map((stack) => deleteStack(account, stack, say)));
  await deleteLogGroups(account, name, say);
}

/** Deploys the shared stack, unless an interrupted run already did. */
async function deployGround(account: Account, { runId }: RunState): Promise<Ground> {
  const name = stackName(runId, GROUND);
  const there = await readGround(account, name);
  if (there) {
    return there;
  }
  say(`\n${name}: deploying...`);
  const app = createApp(join(FOLDER, 'cdk.out', name));
  buildGround(app, runId);
  app.synth();
  const { succeeded, output } = await cdk(name, account.region, [
    'deploy', '--app', app.outdir, '--require-approval', 'never', '--progress', 'events',
  ]);
  const ground = await readGround(account, name);
  if (!succeeded || !ground) {
    throw new Error(`The shared stack could not be deployed:\n${output}`);
  }
  say(` ✅  ${name}`);
  return ground;
}

async function readGround({ cloudFormation }: Account, name: string): Promise<Ground | undefined> {
  const { Stacks: [stack] = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: name })).catch(() => ({ Stacks: [] }));
  if (stack?.StackStatus !== 'CREATE_COMPLETE') {
    return undefined;
  }
  const { zones, subnets, ...rest } = Object.fromEntries(stack.Outputs!.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue!]));
  return { ...rest, zones: zones.split(','), subnets: subnets.split(',') } as Ground;
}

/** Deletes everything, and writes the report. A run that leaves something is not done, so it can be resumed. */
async function finish(account: Account, state: RunState): Promise<number> {
  sayBold('\nCleaning up');
  const left = await cleanUp(account, state.runId, say);
  const isLocalEngine = account.localEngine !== undefined;
  const report = writeReport({ state, checks: CHECKS, isLocalEngine, version: versionOf(), left });
  const file = (name: string) => join(FOLDER, `${state.runId}-${name}`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(file('report.md'), report);
  writeFileSync(file('evidence.json'), mask(JSON.stringify(state.results, undefined, 2), state.account));
  if (left.length > 0) {
    sayError(`Not everything could be deleted. Retry with --resume, or delete these resources manually:\n  ${left.join('\n  ')}`);
    return 1;
  }
  state.phase = 'done';
  writeState(state);
  const findings = findingsOf(state, CHECKS, isLocalEngine);
  say(`\nNothing of run ${state.runId} is left in the account.`);
  say(`Report: ${relative(process.cwd(), file('report.md'))} (without the id of the account; paste it into an issue)`);
  say(`All evidence: ${relative(process.cwd(), file('evidence.json'))}`);
  const failed = Object.values(state.results).some(({ error }) => error);
  return failed ? 1 : findings.some(({ verdict }) => verdict === 'refuted') ? 2 : 0;
}

const versionOf = (): string => {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8', cwd: __dirname }).trim();
  } catch {
    return 'unknown';
  }
};

/** Deletes what a run left, even if its state is not on this machine. */
export async function cleanUpRun(runId: string): Promise<number> {
  const account = await findAccount();
  const runs = await findRuns(account);
  const state = readState(account);
  if (!runs.includes(runId) && state?.runId !== runId) {
    sayError(`No resource in account ${account.id}, Region ${account.region} has the tag ${TAG}=${runId}. Runs that have: ${runs.join(', ') || 'none'}.`);
    return 1;
  }
  const left = await cleanUp(account, runId, say);
  if (left.length > 0) {
    sayError(`Not everything could be deleted:\n  ${left.join('\n  ')}`);
    return 1;
  }
  if (state?.runId === runId) {
    writeState({ ...state, phase: 'done' });
  }
  say(`\nNothing of run ${runId} is left in the account.`);
  return 0;
}
