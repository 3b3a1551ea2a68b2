import { ChildProcess, spawn, SpawnOptions } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clearRunFolder, folders, logFile } from './folders';
import { until } from './until';

/** A process group, as it is recorded: for this process, for others that share the run, and for a run after a crash. */
interface Group {
  readonly name: string;
  readonly id: number;
  readonly born: string;
  readonly stopSignal: NodeJS.Signals;
}

const MARK = 'CDK_ECS_RUN_TASK_ENGINE';
const records = join(folders.run, 'processes');
const ownerRecord = join(folders.run, 'owner.json');

export interface Launch {
  readonly name: string;
  readonly command: string;
  readonly args: string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What asks the process to end. */
  readonly stopSignal?: NodeJS.Signals;
}

/** Starts a process in a group of its own, so that all that it starts can be ended with it. */
export function launch({ name, command, args, stopSignal = 'SIGTERM', ...options }: Launch, stdio?: SpawnOptions['stdio']): ChildProcess {
  const log = openSync(logFile(name), 'w');
  const env = { ...(options.env ?? process.env), [MARK]: String(process.pid) };
  const child = spawn(command, args, { ...options, env, stdio: stdio ?? ['ignore', log, log], detached: true });
  closeSync(log);
  if (child.pid) {
    const record = join(records, `${Date.now()}-${child.pid}.json`);
    const group: Group = { name, id: child.pid, born: identify(child.pid)?.born ?? '', stopSignal };
    mkdirSync(records, { recursive: true });
    writeFileSync(record, JSON.stringify(group));
    child.once('exit', () => {
      if (members(group).length === 0) {
        rmSync(record, { force: true });
      }
    });
  }
  return child;
}

/** Waits until what was launched does its work, and tells its last words if it ends before that. */
export async function untilReady(name: string, child: ChildProcess, isReady: () => Promise<boolean> | boolean): Promise<void> {
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  await until(`${name} answers`, async () => hasEnded() || await isReady());
  if (hasEnded()) {
    throw new Error(`${name} ended at once. The end of ${logFile(name)}:\n${readFileSync(logFile(name), 'utf8').slice(-2000)}`);
  }
}

/** Takes the run folder into use: ends what an earlier run left behind, and refuses while one is still going on. */
export async function takeOver(): Promise<void> {
  if (existsSync(ownerRecord)) {
    const owner: Group = JSON.parse(readFileSync(ownerRecord, 'utf8'));
    if (owner.id !== process.pid && identify(owner.id)?.born === owner.born) {
      throw new Error(`Another run (process ${owner.id}) uses ${folders.run}: wait for its end, or end it.`);
    }
  }
  await stopAll();
  clearRunFolder();
  writeFileSync(ownerRecord, JSON.stringify({ id: process.pid, born: identify(process.pid)?.born }));
}

/** Ends everything that is recorded, the last one first. */
export async function stopAll(): Promise<void> {
  for (const group of recorded().reverse()) {
    await stop(group);
  }
}

/** Ends what was launched, however this process ends: an interrupt, a closed terminal, or process.exit() of somebody else. */
export function stopOnEveryEnding(stopGently: () => Promise<void>): void {
  let stopping = false;
  for (const [signal, number] of [['SIGINT', 2], ['SIGTERM', 15], ['SIGHUP', 1]] as const) {
    process.on(signal, () => {
      if (stopping) {
        return; // npm and tsx pass on the interrupt that the terminal has sent already
      }
      stopping = true;
      console.error(`\n${signal}: stopping what was started`);
      stopGently().catch(console.error).finally(() => process.exit(128 + number));
    });
  }
  [process.stdout, process.stderr].forEach((stream) => stream.on('error', () => undefined)); // the terminal may be gone
  process.once('exit', () => recorded().flatMap(members).forEach((pid) => signalTo(pid, 'SIGKILL')));
}

function recorded(): Group[] {
  const files = existsSync(records) ? readdirSync(records).sort() : [];
  return files.map((file) => JSON.parse(readFileSync(join(records, file), 'utf8')));
}

/** Ends one process group, by the id that was recorded. */
async function stop(group: Group): Promise<void> {
  for (const [signal, patience] of [[group.stopSignal, 10_000], ['SIGKILL', 5_000]] as const) {
    members(group).forEach((pid) => signalTo(pid, signal));
    for (let waited = 0; waited < patience && members(group).length > 0; waited += 50) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  if (members(group).length > 0) {
    throw new Error(`${group.name} (process group ${group.id}) does not end.`);
  }
}

/** The living members of the group. A group whose leader is gone is ours only where its members carry our mark. */
function members({ id, born }: Group): number[] {
  const leader = identify(id);
  if (leader && leader.born !== born) {
    return [];
  }
  return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).map(Number).filter((pid) => {
    const found = identify(pid);
    return found?.group === id && found.state !== 'Z' && (leader !== undefined || carriesMark(pid));
  });
}

/** What tells a process from another one that got the same id later: the time of its birth. */
function identify(pid: number): { state: string; group: number; born: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name in brackets may hold blanks
    return { state: fields[0], group: Number(fields[2]), born: fields[19] };
  } catch {
    return undefined;
  }
}

function carriesMark(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`${MARK}=`);
  } catch {
    return false;
  }
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
