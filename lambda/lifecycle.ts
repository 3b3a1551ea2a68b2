import type { Context } from 'aws-lambda';
import { Answer, answerBody, sendAnswer } from './answer';
import { PERMISSIONS_SPREAD_MS } from './causes';
import { Event, Job } from './job';
import { notStopped } from './message';
import { persist } from './persist';
import { DeliveredProperties, parseProperties } from './properties';
import { runTask } from './run';
import { reserve, TIME_TO_STOP_MS } from './schedule';
import { identity, isBeingUndone, stackStatus } from './stack';
import { marksOf } from './start';
import type { Surroundings } from './surroundings';
import { findTasks, Marks, stopTasks } from './tasks';
import type { RunTaskProperties } from '../src/contract';

/** The handler of `Custom::EcsRunTask`. CloudFormation invokes it, and it answers to CloudFormation itself. */
export function createHandler(world: Surroundings) {
  return async (event: Event, context: Pick<Context, 'invokedFunctionArn' | 'logStreamName' | 'getRemainingTimeInMillis'>): Promise<void> => {
    const remaining = context.getRemainingTimeInMillis();
    const ends = world.now() + remaining;
    const job: Job = {
      world,
      event,
      id: identity(event),
      functionArn: context.invokedFunctionArn,
      handOverAt: ends - reserve(remaining),
      handOverBy: ends - 0.9 * reserve(remaining),
    };
    world.log(`${event.RequestType} of ${event.LogicalResourceId}, request ${event.RequestId}${event.Progress ? ', continued' : ''}`);

    const answer = await answerTo(job).catch((error: Error): Answer => ({ status: 'FAILED', reason: [`The function failed: ${error}.`] }));
    if (!answer) {
      return;
    }
    // The physical id stays what it was, even one that CloudFormation made up: another would be a replacement.
    const physicalResourceId = 'PhysicalResourceId' in event && event.PhysicalResourceId ? event.PhysicalResourceId : job.id;
    // The CDK CLI finds the log of the function by these words.
    const reason = answer.status === 'FAILED' ? [...answer.reason, `CloudWatch Log Stream: ${context.logStreamName}`] : answer.reason;
    world.log([answer.status, ...reason].join('\n')); // whole, and cdk deploy prints this log when the deployment fails
    await sendAnswer(event.ResponseURL, answerBody(event, physicalResourceId, { ...answer, reason }), world);
  };
}

async function answerTo(job: Job): Promise<Answer | undefined> {
  switch (job.event.RequestType) {
    case 'Create':
      return runTask(job, parseProperties(job.event.ResourceProperties));
    case 'Update':
      return update(job, job.event);
    case 'Delete':
      return { status: 'SUCCESS', reason: await stopLeftovers(job, 'the resource is deleted', [job.event.ResourceProperties]) };
    default:
      throw new Error(`CloudFormation asks for ${(job.event as Event).RequestType}, which this version does not know`);
  }
}

async function update(job: Job, event: Extract<Event, { RequestType: 'Update' }>): Promise<Answer | undefined> {
  const { world } = job;
  if (event.Progress) {
    return runTask(job, parseProperties(event.ResourceProperties));
  }
  // Not knowing is a failure: to run the task in a rollback can break it, to skip it elsewhere hides that nothing ran.
  if (isBeingUndone(await persist(world, world.now() + PERMISSIONS_SPREAD_MS, () => stackStatus(world, event.StackId)))) {
    const stopped = await stopLeftovers(job, 'the deployment is rolled back', [event.OldResourceProperties, event.ResourceProperties]);
    return { status: 'SUCCESS', reason: ['No task was run: this is a rollback.', ...stopped] };
  }
  const properties = parseProperties(event.ResourceProperties);
  if (properties.RunOn === 'CREATE') {
    return { status: 'SUCCESS', reason: ['No task was run: runOn is CREATE.'] };
  }
  return runTask(job, properties);
}

/**
 * Stops what an earlier request of this resource may have left running, and waits until it is gone, because its
 * network interface keeps subnets and security groups from being deleted. Never fails: a Delete or a rollback must
 * not get stuck on it.
 */
async function stopLeftovers(job: Job, because: string, properties: Array<DeliveredProperties | undefined>): Promise<string[]> {
  const { world } = job;
  const until = world.now() + TIME_TO_STOP_MS;
  const said: string[] = [];
  for (const marks of distinct(properties.map((one) => marksOf((one?.Request ?? {}) as RunTaskProperties['Request'], job.id)))) {
    const tasks = [...await findLeftovers(world, marks, 'RUNNING'), ...await findLeftovers(world, marks, 'STOPPED')];
    const left = await stopTasks(world, marks.cluster, tasks, because, until);
    said.push(...notStopped(left));
  }
  return said;
}

async function findLeftovers(world: Surroundings, marks: Marks, desiredStatus: 'RUNNING' | 'STOPPED'): Promise<string[]> {
  try {
    // Not longer: a role that has lost its permissions with the resource will not get them back.
    const tasks = await persist(world, world.now() + 15_000, () => findTasks(world, marks, desiredStatus));
    return tasks.map(({ taskArn }) => taskArn!);
  } catch (error) {
    world.log(`could not look for tasks to stop: ${error}`);
    return [];
  }
}

function distinct(marks: Marks[]): Marks[] {
  return [...new Map(marks.map((one) => [JSON.stringify(one), one])).values()];
}
