import type { Task } from '@aws-sdk/client-ecs';
import { SECOND } from './clock';
import type { InvocationFacts, Request } from './history';
import type { ContainerOfTask, Life } from './lives';

export interface SimulatedTask {
  readonly name: string;
  readonly arn: string;
  /** The request and the invocation that started it. */
  readonly request: Request;
  readonly invocation: InvocationFacts;
  readonly createdAt: number;
  life: Life;
  /** The time on the clock of ECS. */
  readonly dated: (at: number) => Date;
  readonly family: string;
  /** The essential containers of its revision. */
  readonly essential: readonly string[];
  readonly startedBy?: string;
  tags: ReadonlyArray<{ key?: string; value?: string }>;
  /** Set if RunTask reported that it placed nothing. */
  readonly ghost: boolean;
  readonly knownFrom: number;
  readonly listedFrom: number;
  /** How many times ListTasks has left it out. */
  leftOut: number;
  /** What DescribeTasks returns, each with the time from which it does. */
  moments: Moment[];
  /** When its containers ran; absent if none did. */
  ranFrom?: number;
  /** When the last of its containers had ended. */
  endedAt: number;
  /** From when on DescribeTasks returns its exit codes. */
  codesAt: number;
  stoppedAt: number;
  toldToStopAt?: number;
  readonly exitCodes: { [container: string]: number };
  stopCode: string;
}

interface Moment {
  readonly at: number;
  readonly task: Task;
}

/** What ECS returns about the task at a time. */
export function stateAt({ moments }: SimulatedTask, at: number): Task {
  let index = moments.length - 1;
  while (index > 0 && moments[index].at > at) {
    index--;
  }
  return moments[index].task;
}

/** Whether nobody and nothing stopped the task, and every deciding container ended with an accepted exit code. */
export function isSuccess(task: SimulatedTask, request: Request): boolean {
  return task.stopCode === 'EssentialContainerExited'
    && decidingOf(task, request).every((name) => request.run!.SuccessExitCodes.includes(task.exitCodes[name]));
}

/** The containers that decide, even if only the task definition knows them. */
export function decidingOf({ essential }: SimulatedTask, { run }: Request): readonly string[] {
  return run?.ExitCodeFrom ?? essential;
}

/** Computes the future of a task from its life, and again when something stops it. */
export function unfold(task: SimulatedTask, stop?: { at: number; reason: string }, containers?: readonly ContainerOfTask[]): void {
  const { life, createdAt, dated } = task;
  const names = (containers?.map(({ name }) => name)) ?? task.moments[task.moments.length - 1].task.containers!.map(({ name }) => name!);
  const pending = createdAt + life.provisioning * SECOND;
  const running = pending + life.pending * SECOND;
  let over = running + life.running * SECOND;
  let neverRan = !life.runs;
  let stopping = life.stopping;
  let { stopCode, stoppedReason } = life as { stopCode: string; stoppedReason: string };
  if (stop) {
    ({ stopCode, stoppedReason } = { stopCode: 'UserInitiated', stoppedReason: stop.reason });
    if (stop.at < running) {
      neverRan = true;
      stopping = 0;
      over = stop.at + SECOND;
    } else if (over > stop.at + life.whenToldToStop.after * SECOND) { // the work takes longer than the time after SIGTERM
      over = stop.at + life.whenToldToStop.after * SECOND;
      names.forEach((name) => { task.exitCodes[name] = life.whenToldToStop.exitCode; });
    }
    if (neverRan) {
      names.forEach((name) => delete task.exitCodes[name]);
    }
  }
  const ended = over + stopping * SECOND;
  const stoppedAt = ended + life.deprovisioning * SECOND;
  const partly = (lastStatus: string, codes: boolean): Task['containers'] => names.map((name, index) => ({
    name,
    lastStatus,
    ...(neverRan || (life.stopCode === 'TaskFailedToStart' && task.exitCodes[name] === undefined) ? {} : { runtimeId: `${task.name}-${name}` }),
    ...(codes && task.exitCodes[name] !== undefined ? { exitCode: task.exitCodes[name] } : {}),
    ...(codes && index === 0 && life.containerReason ? { reason: life.containerReason } : {}),
  }));
  const runs = !neverRan;
  const isUp = runs && life.stopCode !== 'TaskFailedToStart';
  const end: Partial<Task> = { desiredStatus: 'STOPPED', stopCode: stopCode as Task['stopCode'], stoppedReason };
  const changes: Array<[at: number, change: Partial<Task>]> = [
    ...(life.provisioning > 0 ? [[pending, { lastStatus: 'PENDING' }] as [number, Partial<Task>]] : []),
    ...(isUp ? [[running, { lastStatus: 'RUNNING', startedAt: dated(running), containers: partly('RUNNING', false) }] as [number, Partial<Task>]] : []),
    ...(stop ? [[stop.at, end] as [number, Partial<Task>]] : []),
    ...(stopping > 1 ? [[over, { ...end, lastStatus: 'STOPPING' }] as [number, Partial<Task>]] : []),
    ...(life.deprovisioning > 0 ? [[ended, { ...end, lastStatus: 'DEPROVISIONING', executionStoppedAt: dated(ended), containers: partly('STOPPED', !life.codesOnlyAtStopped) }] as [number, Partial<Task>]] : []),
    [stoppedAt, { ...end, lastStatus: 'STOPPED', executionStoppedAt: dated(ended), stoppedAt: dated(stoppedAt), containers: partly('STOPPED', true) }],
  ];
  let state = task.moments[0].task;
  task.moments = [task.moments[0]];
  for (const [at, change] of changes.filter(([when]) => when <= ended || when === stoppedAt).sort(([one], [other]) => one - other)) {
    state = { ...state, ...change };
    task.moments.push({ at, task: state });
  }
  task.stopCode = stopCode;
  task.ranFrom = runs ? running : undefined;
  task.endedAt = ended;
  task.stoppedAt = stoppedAt;
  task.codesAt = life.codesOnlyAtStopped ? stoppedAt : ended;
}
