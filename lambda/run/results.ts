import type { Task } from '@aws-sdk/client-ecs';
import { Failed, Job, knownArns, Progress } from './progress';
import { isOutput, OUTPUT_PREFIX, RunSpec } from '../../src/contract';
import { describeStack } from '../cloudformation/stack';
import { logOf, printedOutputs } from '../ecs/logs';
import type { KnownContainers } from '../ecs/resolve-containers';
import { persist } from '../retry';

/** The values of attributes, by their names. */
export interface Results {
  readonly [attribute: string]: string;
}

/** How long the log of a task that has succeeded may take to arrive. */
const LOG_WITHIN_MS = 60_000;

/** How long CloudFormation may take to tell what the stack keeps. */
const STACK_WITHIN_MS = 60_000;

/** The attributes that the stack uses. A value that is missing fails the request: nothing else may be taken for it. */
export async function resultsOf(job: Job, run: KnownContainers, progress: Progress): Promise<Results> {
  const names = Object.keys(run.UsedAttributes ?? {});
  const outputs = names.filter(isOutput).map((name) => name.slice(OUTPUT_PREFIX.length));
  const arns = knownArns(progress);
  const found: Results = {
    TaskArn: arns[0],
    TaskArns: arns.join(','),
    ...progress.tasks[0].ended?.attributes,
    ...await readOutputs(job, run, arns[0], outputs),
  };
  return Object.fromEntries(names.map((name) => {
    const value = found[name];
    if (!value) {
      throw missing(name, run, arns[0]);
    }
    return [name, value];
  }));
}

/** What only ECS knows of a task that has succeeded, for those attributes that the stack uses. */
export function factsOf(run: KnownContainers, task: Task, now: number): Results {
  const { taskArn, containers, startedAt, createdAt, executionStoppedAt, stoppedAt } = task;
  const [container] = run.ExitCodeFrom;
  const at = (time = new Date(now)) => time.toISOString();
  const facts: { [attribute: string]: string | undefined } = {
    ExitCode: containers?.find(({ name }) => name === container)?.exitCode?.toString(),
    StartedAt: at(startedAt ?? createdAt),
    StoppedAt: at(executionStoppedAt ?? stoppedAt),
    LogStreamName: logOf(run, container, taskArn!)?.stream,
  };
  return Object.fromEntries(Object.entries(facts).flatMap(([name, value]) => value && run.UsedAttributes?.[name] ? [[name, value]] : []));
}

async function readOutputs(job: Job, run: KnownContainers, taskArn: string, names: string[]): Promise<Record<string, string>> {
  const { world } = job;
  const until = Math.min(world.now() + LOG_WITHIN_MS, job.handOverBy);
  const logs = run.ExitCodeFrom.flatMap((container) => logOf(run, container, taskArn) ?? []);
  for (;;) {
    const printed = names.length > 0 ? await printedOutputs(world, logs, names) : new Map<string, Set<string>>();
    for (const [name, values] of printed) {
      if (values.size > 1) {
        throw new Failed({ cause: `the task has printed ${values.size} different values of its output "${name}"`, advice: 'let it print each output once' }, { taskArn });
      }
    }
    if (printed.size === names.length || world.now() >= until) {
      return Object.fromEntries([...printed].map(([name, [value]]) => [OUTPUT_PREFIX + name, value]));
    }
    await world.sleep(1_000);
  }
}

function missing(attribute: string, { ExitCodeFrom: [container] }: KnownContainers, taskArn: string): Failed {
  const name = attribute.slice(OUTPUT_PREFIX.length);
  return isOutput(attribute)
    ? new Failed({
      cause: `the task has succeeded, but its output "${name}" is not in its log`,
      advice: `let container "${container}" print a line "ecs-run-task-output ${name}=<value>" before it ends`,
      container,
    }, { taskArn })
    : new Failed({ cause: `the task has succeeded, but its ${attribute} is not known` }, { taskArn });
}

/**
 * The attributes as the last deployment that succeeded has left them, for a request that runs no task: the stack keeps
 * them in its outputs, which no update changes before it has succeeded.
 */
export async function keptResults({ world, event }: Job, { UsedAttributes = {} }: Pick<RunSpec, 'UsedAttributes'>): Promise<Results> {
  const wanted = Object.entries(UsedAttributes);
  if (wanted.length === 0) {
    return {};
  }
  const { Outputs } = await persist(world, world.now() + STACK_WITHIN_MS, () => describeStack(world, event));
  const outputs = new Map(Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  return Object.fromEntries(wanted.flatMap(([attribute, output]) => {
    const value = outputs.get(output);
    return value ? [[attribute, value]] : [];
  }));
}
