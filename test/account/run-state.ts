import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Account } from './account';

export interface CheckResult {
  readonly seconds: number;
  readonly evidence?: unknown;
  /** Why the check failed. */
  readonly error?: string;
}

/** The progress of a run. It is saved after each step, so that a killed run can be resumed. */
export interface RunState {
  readonly runId: string;
  readonly account: string;
  readonly region: string;
  readonly image: string;
  readonly checks: readonly string[];
  readonly startedAt: string;
  /** 'checking', then 'cleaning up', then 'done'. */
  phase: 'checking' | 'cleaning up' | 'done';
  readonly results: Record<string, CheckResult>;
}

/** The folder for all files that the program writes. */
export const FOLDER = resolve(__dirname, '../../.local/verify-account');

const fileOf = ({ id, region }: Pick<Account, 'id' | 'region'>, folder: string): string => join(folder, `${id}-${region}.json`);

export function readState(account: Pick<Account, 'id' | 'region'>, folder = FOLDER): RunState | undefined {
  const file = fileOf(account, folder);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** Replaces the file as a whole: a reader finds the previous state or this one, never half of it. */
export function writeState(state: RunState, folder = FOLDER): void {
  const file = fileOf({ id: state.account, region: state.region }, folder);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(state, undefined, 2));
  renameSync(`${file}.new`, file);
}

export type Start = { readonly kind: 'new' } | { readonly kind: 'resume'; readonly state: RunState } | { readonly kind: 'refuse'; readonly because: string };

/** Decides how to begin, from the saved state and from the runs whose tag is in the account. */
export function decideStart(resume: boolean, state: RunState | undefined, tagged: readonly string[]): Start {
  const unfinished = state && state.phase !== 'done' ? state : undefined;
  const foreign = tagged.filter((runId) => runId !== unfinished?.runId);
  if (foreign.length > 0) {
    return {
      kind: 'refuse',
      because: `There are resources of another run in this account and Region: ${foreign.join(', ')}. `
        + `If nobody is running it, delete them with --clean-up ${foreign[0]}.`,
    };
  }
  if (resume) {
    return unfinished ? { kind: 'resume', state: unfinished } : { kind: 'refuse', because: 'There is no unfinished run to resume in this account and Region.' };
  }
  if (unfinished) {
    return {
      kind: 'refuse',
      because: `Run ${unfinished.runId} is unfinished: ${Object.keys(unfinished.results).length} of ${unfinished.checks.length} checks are done. `
        + `Continue with --resume, or delete what it created with --clean-up ${unfinished.runId}.`,
    };
  }
  return { kind: 'new' };
}

/** Returns the checks that have not ended. An interrupted check starts over: half of its evidence proves nothing. */
export const remainingChecks = (state: RunState): string[] => state.checks.filter((id) => !(id in state.results));
