import type { Random } from './clock';

/** The life of a task, in seconds, if nothing stops it. */
export interface Life {
  readonly name: string;
  /** Until the network interface exists; absent with the network mode bridge. */
  readonly provisioning: number;
  /** Until its images are pulled and its containers started. */
  readonly pending: number;
  /** Until the first essential container ends. */
  readonly running: number;
  /** Until the other containers have also ended, and the agent has reported it. */
  readonly stopping: number;
  /** Until the network interface is removed. */
  readonly deprovisioning: number;
  /** Whether any container ever runs. */
  readonly runs: boolean;
  /** The exit codes of its containers; a container that is missing here has none. */
  readonly exitCodes: { readonly [container: string]: number };
  readonly stopCode: string;
  readonly stoppedReason: string;
  /** Why the first container did not start. */
  readonly containerReason?: string;
  /** Whether ECS returns the exit codes late. */
  readonly codesOnlyAtStopped?: boolean;
  /** How its containers react to SIGTERM. */
  readonly whenToldToStop: { readonly after: number; readonly exitCode: number };
  readonly log: LogLife;
}

export interface LogLife {
  readonly lines: readonly string[];
  /** The seconds after the end until CloudWatch has the lines. */
  readonly late: number;
  readonly absent?: boolean;
  /** The number of lines per page of CloudWatch; all lines if absent. */
  readonly pageSize?: number;
}

export interface ContainerOfTask {
  readonly name: string;
  readonly essential: boolean;
}

/** The ways in which a task can end, with weights. */
const ENDINGS = {
  'exits with a code that counts': 72,
  'exits with an error': 13,
  'another essential container fails': 2,
  'has no exit code': 2,
  'does not start, which passes': 4,
  'does not start, for good': 3,
  'starts a container but not the next': 1,
  'loses its Spot capacity before it ran': 1.5,
  'loses its Spot capacity': 1.5,
  'loses its host': 1,
  'is stopped by hand': 1.5,
};
export type Ending = keyof typeof ENDINGS;

const PASSING_START_FAILURES = [
  'Timeout waiting for network interface provisioning to complete.',
  'Capacity is unavailable at this time. Please try again later or in a different availability zone',
  'RESOURCE:ENI',
  'RESOURCE:MEMORY',
  'NO ACTIVE INSTANCES',
  'AGENT',
  'Unexpected EC2 error while attempting to Create Network Interface: InternalError',
];

const LASTING_START_FAILURES = [
  'CannotPullContainerError: shop:v9: not found',
  'CannotPullContainerError: pull image manifest has been retried 5 time(s): toomanyrequests: You have reached your pull rate limit',
  'ResourceInitializationError: unable to pull secrets or registry auth: i/o timeout',
  'CannotStartContainerError: Error response from daemon: the moon is in the wrong phase',
  'ATTRIBUTE',
  'ResourceInitializationError: failed to validate logger args: The specified log group does not exist.',
];

const ODD_LINES = [
  '\u001b[31mERROR\u001b[0m relation "users" already exists',
  `stack trace ${'at Object.<anonymous> (/app/index.js:10:15) '.repeat(200)}`,
  'a lone \ud800 surrogate and a NUL \u0000 and a bell \u0007',
  '\u{1f4a5}'.repeat(700),
  '\r\n\r\n',
  'null \u2028 separators \u2029',
  '{"level":"error","msg":"\\"quoted\\" \\\\ backslashes"}',
];

/** A life for a scenario: its only container runs for this many seconds. */
export function lifeOf(container: string, running: number, exitCode: number, more: Partial<Life> = {}): Life {
  return {
    name: 'as told',
    provisioning: 12,
    pending: 15,
    running,
    stopping: 0.1,
    deprovisioning: 13,
    runs: true,
    exitCodes: { [container]: exitCode },
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    whenToldToStop: { after: 2, exitCode: 143 },
    log: { lines: [], late: 0 },
    ...more,
  };
}

/** A usual life: an image pull, some work, an exit code. */
export function drawLife(
  random: Random, containers: readonly ContainerOfTask[], fargate: boolean, accepted: readonly number[], ending = drawEnding(random),
): Life {
  const main = containers[0].name;
  const after = random.weighted({ soon: 6, grace: 3, long: 1 });
  const told = { soon: random.between(0, 3), grace: random.between(3, 31), long: random.between(31, 120) }[after];
  const life = {
    name: ending,
    provisioning: fargate ? random.between(4, 20) : 0,
    pending: random.chance(0.15) ? random.magnitude(30, 240) : random.between(2, 30),
    // Mostly short: the smaller of two draws.
    running: random.chance(0.06) ? random.magnitude(600, 3_300) : Math.min(random.magnitude(1, 1_200), random.magnitude(1, 3_300)),
    stopping: random.chance(0.3) ? random.between(0, 11) : 0.1,
    deprovisioning: fargate ? random.pick([12.5, 13, 14.1, 23, 23.6, 36.7]) : 0,
    runs: true,
    exitCodes: Object.fromEntries(containers.map(({ name, essential }) => [name, essential ? accepted[0] : random.pick([0, 137, 143])])),
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    codesOnlyAtStopped: random.chance(0.05),
    whenToldToStop: { after: told, exitCode: told > 30 ? 137 : random.pick([143, 143, 0]) },
    log: drawLog(random),
  };
  const notRun = { runs: false, running: 0, stopping: 0, exitCodes: {}, stopCode: 'TaskFailedToStart' };
  switch (ending) {
    case 'exits with a code that counts':
      return { ...life, exitCodes: { ...life.exitCodes, [main]: random.pick(accepted) } };
    case 'exits with an error':
      return { ...life, exitCodes: { ...life.exitCodes, [main]: random.pick([1, 1, 2, 126, 127, 137, 139, 143, 255]) } };
    case 'another essential container fails': {
      const other = containers.find(({ essential, name }) => essential && name !== main)?.name ?? main;
      return { ...life, exitCodes: { ...life.exitCodes, [other]: 1 } };
    }
    case 'has no exit code':
      return { ...life, exitCodes: {}, containerReason: 'CannotInspectContainerError: the daemon did not answer' };
    case 'does not start, which passes':
      return { ...life, ...notRun, stoppedReason: random.pick(PASSING_START_FAILURES) };
    case 'does not start, for good':
      return { ...life, ...notRun, stoppedReason: random.pick(LASTING_START_FAILURES) };
    case 'starts a container but not the next':
      return {
        ...life,
        running: 1,
        stopCode: 'TaskFailedToStart',
        stoppedReason: random.pick(PASSING_START_FAILURES),
        exitCodes: { [containers[containers.length - 1].name]: 143 },
      };
    case 'loses its Spot capacity before it ran':
      return { ...life, ...notRun, stopCode: 'SpotInterruption', stoppedReason: 'Your Spot Task was interrupted.' };
    case 'loses its Spot capacity':
      return { ...life, stopCode: 'SpotInterruption', stoppedReason: 'Your Spot Task was interrupted.', exitCodes: everyOne(containers, 143) };
    case 'loses its host':
      return { ...life, stopCode: random.pick(['InfrastructureHealth', 'TerminationNotice']), stoppedReason: 'The host has failed.', exitCodes: {} };
    case 'is stopped by hand':
      return { ...life, stopCode: 'UserInitiated', stoppedReason: 'stopped in the console', exitCodes: everyOne(containers, random.pick([143, 137, 0])) };
  }
}

function drawEnding(random: Random): Ending {
  return random.weighted(ENDINGS);
}

function drawLog(random: Random): LogLife {
  const lines = Array.from({ length: random.whole(0, 30) }, (_, number) => `step ${number + 1} done\n`);
  for (let odd = random.chance(0.3) ? random.whole(1, 5) : 0; odd > 0; odd--) {
    lines.splice(random.whole(0, lines.length), 0, random.pick(ODD_LINES));
  }
  return { lines, late: random.chance(0.2) ? random.between(0, 10) : 0, absent: random.chance(0.05) };
}

/** The life of a task that can take hours. */
export function forHours(random: Random, life: Life, timeoutSeconds: number): Life {
  const passingOn = Math.floor(random.magnitude(1, 6)) * 3_485;
  const running = random.weighted({ short: 40, long: 35, untilPassedOn: 20, tooLong: 5 });
  switch (running) {
    case 'short': return life;
    case 'long': return { ...life, running: random.magnitude(1_800, timeoutSeconds) };
    case 'untilPassedOn': return { ...life, running: Math.min(passingOn, timeoutSeconds) + random.between(-60, 30) };
    case 'tooLong': return { ...life, running: timeoutSeconds * random.between(1, 1.2) };
  }
}

/** The life of a task that prints outputs for the stack, mostly each of them once. */
export function printing(random: Random, life: Life, names: readonly string[]): Life {
  const lines = [...life.log.lines];
  for (const name of names) {
    const value = random.chance(0.03) ? 'x'.repeat(random.whole(3_000, 5_000)) : `shop-${random.whole(1, 1e9)}`;
    const values = { once: [value], never: [], twice: [value, value], different: [value, `${value}-other`] };
    for (const printed of values[random.weighted({ once: 90, never: 4, twice: 3, different: 3 })]) {
      lines.splice(random.whole(0, lines.length), 0, `ecs-run-task-output ${name}=${printed}\n`);
    }
  }
  const late = random.chance(0.1) ? random.between(10, 80) : life.log.late;
  return { ...life, log: { ...life.log, lines, late, ...random.chance(0.3) ? { pageSize: random.whole(3, 12) } : {} } };
}

function everyOne(containers: readonly ContainerOfTask[], exitCode: number): Life['exitCodes'] {
  return Object.fromEntries(containers.map(({ name }) => [name, exitCode]));
}
