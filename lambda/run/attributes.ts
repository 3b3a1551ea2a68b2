import type { Output } from '@aws-sdk/client-cloudformation';
import type { Task } from '@aws-sdk/client-ecs';
import { knownArns, Run } from './progress';
import { isOutput, OUTPUT_PREFIX, RunSpec } from '../../src/contract';
import { BETWEEN_READINGS_MS, LOG_WITHIN_MS, STACK_WITHIN_MS, STALE_FOR_MS } from '../../src/timing';
import type { Attributes } from '../cloudformation/answer';
import { limit, Request } from '../cloudformation/request';
import { describeStack } from '../cloudformation/stack-status';
import { locateLog, PAGES, readOutputs } from '../ecs/logs';
import type { ResolvedRun } from '../ecs/resolve-containers';
import { retry } from '../retry';
import { adviceOnError } from '../verdict/errors';
import { Failed } from '../verdict/failure';
import { FAILURES } from '../verdict/texts';

/** The attributes that the stack uses. A missing value fails the request: there is no default for it. */
export async function attributesOf(run: Run): Promise<Attributes> {
  const { spec, progress } = run;
  const names = Object.keys(spec.UsedAttributes ?? {});
  const outputs = names.filter(isOutput).map((name) => name.slice(OUTPUT_PREFIX.length));
  const arns = knownArns(progress);
  const found: Attributes = {
    TaskArn: arns[0],
    TaskArns: arns.join(','),
    ...progress.tasks[0].ended?.attributes,
    ...await waitForOutputs(run, arns[0], outputs),
  };
  return Object.fromEntries(names.map((name) => {
    const value = found[name];
    if (!value) {
      throw missing(name, spec, arns[0]);
    }
    return [name, value];
  }));
}

/** What only ECS knows of a task that has succeeded, for those attributes that the stack uses. */
export function factsOf(spec: ResolvedRun, task: Task): Attributes {
  const { taskArn, containers, startedAt, pullStoppedAt, createdAt, executionStoppedAt, stoppedAt, stoppingAt } = task;
  const [container] = spec.ExitCodeFrom;
  const facts: { [attribute: string]: string | undefined } = {
    ExitCode: containers?.find(({ name }) => name === container)?.exitCode?.toString(),
    StartedAt: (startedAt ?? pullStoppedAt ?? createdAt)?.toISOString(),
    StoppedAt: (executionStoppedAt ?? stoppedAt ?? stoppingAt)?.toISOString(),
    LogStreamName: locateLog(spec, container, taskArn!)?.stream,
  };
  return Object.fromEntries(Object.entries(facts).flatMap(([name, value]) => value && spec.UsedAttributes?.[name] ? [[name, value]] : []));
}

async function waitForOutputs({ request, spec }: Run, taskArn: string, names: string[]): Promise<Attributes> {
  if (names.length === 0) {
    return {};
  }
  const { world, handOverBy } = request;
  const until = Math.min(limit(request, LOG_WITHIN_MS), handOverBy);
  const logs = spec.ExitCodeFrom.flatMap((container) => locateLog(spec, container, taskArn) ?? []);
  let wasRead = false;
  for (let pages = PAGES; ; pages *= 2) {
    const { values: printed, unread } = await readOutputs(world, logs, names, { pages, until, wasRead });
    wasRead ||= unread === undefined;
    for (const [name, values] of printed) {
      if (values.size > 1) {
        throw new Failed(FAILURES.outputDiffers(name, String(values.size)), { taskArn });
      }
    }
    if (printed.size < names.length && unread !== undefined && world.now() >= until) {
      const name = names.find((wanted) => !printed.has(wanted))!;
      const failure = FAILURES.outputUnreadable(name, String(unread));
      throw new Failed({ ...failure, advice: adviceOnError(unread) ?? failure.advice, container: spec.ExitCodeFrom[0] }, { taskArn });
    }
    if (printed.size === names.length || world.now() >= until) {
      return Object.fromEntries([...printed].map(([name, [value]]) => [OUTPUT_PREFIX + name, value]));
    }
    await world.sleep(Math.min(1_000, until - world.now()));
  }
}

function missing(attribute: string, { ExitCodeFrom: [container] }: ResolvedRun, taskArn: string): Failed {
  const name = attribute.slice(OUTPUT_PREFIX.length);
  return isOutput(attribute)
    ? new Failed({ ...FAILURES.outputMissing(name, container), container }, { taskArn })
    : new Failed(FAILURES.attributeUnknown(attribute), { taskArn });
}

/**
 * The attributes as the last successful deployment has left them, for a request that runs no task: the stack keeps them in
 * its outputs, which no update changes before it has succeeded. A report from before there were any proves nothing.
 */
export async function readKeptAttributes(request: Request, { UsedAttributes = {} }: Pick<RunSpec, 'UsedAttributes'>): Promise<Attributes> {
  const { world, sentAt } = request;
  const wanted = Object.entries(UsedAttributes);
  if (wanted.length === 0) {
    return {};
  }
  for (;;) {
    const Outputs = await readOutputsOfStack(request);
    const outputs = new Map(Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
    const kept = wanted.flatMap(([attribute, output]) => {
      const value = outputs.get(output);
      return value ? [[attribute, value]] : [];
    });
    const isInTime = limit(request, BETWEEN_READINGS_MS) === world.now() + BETWEEN_READINGS_MS;
    if (kept.length === wanted.length || world.now() >= sentAt + STALE_FOR_MS || !isInTime) {
      return Object.fromEntries(kept);
    }
    await world.sleep(BETWEEN_READINGS_MS);
  }
}

/** What an earlier response contained still counts if no further one comes, such as at the very end of an invocation. */
async function readOutputsOfStack(request: Request): Promise<readonly Output[] | undefined> {
  try {
    return (await retry(request.world, limit(request, STACK_WITHIN_MS), () => describeStack(request))).Outputs;
  } catch (error) {
    if (!request.latest?.outputs) {
      throw error;
    }
    request.world.log(`DescribeStacks failed: ${error}`);
    return request.latest.outputs;
  }
}
