import type { Task } from '@aws-sdk/client-ecs';
import type { CloudFormationCustomResourceDeleteEvent, CloudFormationCustomResourceUpdateEvent, Context } from 'aws-lambda';
import { Answer, answerBody, sendAnswer } from './cloudformation/answer';
import { DeliveredProperties, parseProperties, parseRun } from './cloudformation/delivered-properties';
import { identity, isAfter, isRollback, OutOfDate, sentAt, stackStatus } from './cloudformation/stack';
import { LISTED_WITHIN_MS } from './ecs/tasks';
import { persist } from './retry';
import { stopLeftovers } from './run/leftovers';
import { Event, Failed, Job } from './run/progress';
import { dataOf, dataOfNone, isLeftToTheNext, passedOn } from './run/relay';
import { keptResults, Results } from './run/results';
import { runTask } from './run/run';
import { reserve } from './run/schedule';
import { adviceOnError } from './verdict/causes';
import { explain, notStopped } from './verdict/message';
import type { World } from './world';
import type { RunTaskProperties } from '../src/contract';

/** A rollback has to know that it is one, and CloudFormation waits five minutes at least. */
const STATUS_WITHIN_MS = 4 * 60_000;

/** The handler of `Custom::EcsRunTask`. CloudFormation invokes it, and it answers to CloudFormation itself. */
export function createHandler(world: World) {
  return async (event: Event, context: Pick<Context, 'invokedFunctionArn' | 'logStreamName' | 'getRemainingTimeInMillis'>): Promise<void> => {
    const remaining = context.getRemainingTimeInMillis();
    const ends = world.now() + remaining;
    const passed = event.HandedOver ? undefined : await passedOn(world, event);
    const job: Job = {
      world,
      event,
      id: identity(event),
      passed,
      requestId: event.HandedOver?.requestId ?? (passed?.state === 'RUNNING' ? passed.progress.requestId : event.RequestId),
      sentAt: sentAt(event) ?? event.HandedOver?.requestedAt ?? world.now(),
      functionArn: context.invokedFunctionArn,
      began: world.now(),
      handOverAt: ends - 1.3 * reserve(remaining),
      handOverBy: ends - 0.9 * reserve(remaining),
    };
    world.log(`${event.RequestType} of ${event.LogicalResourceId}, request ${event.RequestId}${event.HandedOver ? ', continued' : ''}`);

    if (await isLeftToTheNext(job)) {
      world.log('CloudFormation has gone on without this request');
      return;
    }
    const answer = await answerTo(job).catch(unforeseen);
    if (!answer) {
      return;
    }
    // The CDK CLI finds the log of the function by these words.
    const reason = answer.status === 'FAILED' ? [...answer.reason, `CloudWatch Log Stream: ${context.logStreamName}`] : answer.reason;
    world.log([answer.status, ...reason].join('\n')); // whole, and cdk deploy prints this log when the deployment fails
    await sendAnswer(event.ResponseURL, answerBody(event, physicalIdOf(job, answer), { ...answer, reason }), world);
    await answer.afterwards?.().catch((error) => world.log(String(error)));
  };
}

function unforeseen(error: Error): Answer {
  if (error instanceof Failed) {
    return { status: 'FAILED', reason: explain(error.failure) };
  }
  return { status: 'FAILED', reason: [`The function failed: ${error instanceof OutOfDate ? error.message : error}.`] };
}

/** Stays what it was, even one that CloudFormation made up: another would be a replacement. */
function physicalIdOf({ event, id }: Job, { status }: Answer): string {
  if ('PhysicalResourceId' in event && event.PhysicalResourceId) {
    return event.PhysicalResourceId;
  }
  return status === 'FAILED' ? `${id}/failed` : id; // so that the Delete that follows knows that nothing was created
}

async function answerTo(job: Job): Promise<Answer | undefined> {
  const { event } = job;
  switch (event.RequestType) {
    case 'Create':
      return deploy(job, parseProperties(event.ResourceProperties), [event.ResourceProperties]);
    case 'Update':
      return await isUndoing(job) ? goOn(job, () => rollBack(job, event)) : update(job, event);
    case 'Delete':
      return remove(job, event);
    default:
      throw new Error(`CloudFormation asks for ${(event as Event).RequestType}, which this version does not know`);
  }
}

/** Not knowing is a failure: to run the task in a rollback can break it, to skip it elsewhere hides that nothing ran. */
async function isUndoing({ world, event }: Job): Promise<boolean> {
  if (event.HandedOver) {
    return event.HandedOver.occasion === 'rollback';
  }
  try {
    return isRollback(await persist(world, world.now() + STATUS_WITHIN_MS, () => stackStatus(world, event)));
  } catch (error) {
    if (error instanceof OutOfDate) {
      throw error;
    }
    throw new Failed({
      cause: 'CloudFormation did not tell whether this is a rollback, so no task was run',
      said: String(error),
      advice: adviceOnError(error as Error) ?? 'deploy again, or continue the rollback',
    });
  }
}

async function update(job: Job, event: CloudFormationCustomResourceUpdateEvent): Promise<Answer | undefined> {
  const properties = parseProperties(event.ResourceProperties);
  return properties.RunOn === 'CREATE'
    ? skip(job, properties)
    : deploy(job, properties, [event.ResourceProperties, event.OldResourceProperties]);
}

async function deploy(job: Job, properties: RunTaskProperties, delivered: DeliveredProperties[]): Promise<Answer | undefined> {
  switch (job.passed?.state) {
    case 'SKIPPED':
      return skip(job, properties);
    case 'SUCCEEDED':
      return { status: 'SUCCESS', reason: [], data: dataOf(properties, job, job.passed.attributes) };
    case 'RUNNING':
      return runTask(job, properties, 'deployment');
  }
  if (!job.event.HandedOver) {
    // Without a rollback, or without its function, a deployment that has failed can leave its task running.
    const left = await clearUp(job, 'a later deployment runs it anew', delivered, 15_000); // not for long: mostly there is none
    if (left.length > 0) {
      return { status: 'FAILED', reason: ['The task of an earlier deployment still runs, so no other was started.', ...notStopped(left)] };
    }
  }
  return runTask(job, properties, 'deployment');
}

/** An Update that is to run no task. What the stack uses of the last one has to be at hand. */
async function skip(job: Job, properties: RunTaskProperties): Promise<Answer> {
  const kept = await keptResults(job, properties);
  const unknown = Object.keys(properties.UsedAttributes ?? {}).filter((name) => !(name in kept));
  return unknown.length > 0
    ? { status: 'FAILED', reason: [`The task ran before the stack asked for its ${unknown.join(' and ')}, and runOn CREATE lets it run no more. Set runOn to CHANGE for this deployment.`] }
    : { status: 'SUCCESS', reason: ['No task was run: runOn is CREATE.'], data: dataOfNone(properties, job, kept) };
}

async function rollBack(job: Job, event: CloudFormationCustomResourceUpdateEvent): Promise<Answer | undefined> {
  const { passed } = job;
  const isGoingOn = job.event.HandedOver !== undefined || passed?.state === 'RUNNING';
  const left = isGoingOn ? [] : await clearUp(job, 'the deployment is rolled back', [event.OldResourceProperties, event.ResourceProperties]);
  const { OnRollback, RunOn } = event.ResourceProperties as DeliveredProperties;
  if (OnRollback !== 'RUN' || RunOn === 'CREATE' || passed?.state === 'SKIPPED' || passed?.state === 'SUCCEEDED') {
    return { status: 'SUCCESS', reason: ['No task was run: this is a rollback.', ...notStopped(left)], data: await restoredData(job) };
  }
  return runTask(job, parseProperties(event.ResourceProperties), 'rollback');
}

/** The attributes as they were. What can't be had is left out: CloudFormation knows best whether it needs that. */
async function restoredData(job: Job): Promise<Results> {
  const { world, passed, event } = job;
  const properties = event.ResourceProperties as unknown as RunTaskProperties;
  if (passed?.state === 'SUCCEEDED') {
    return dataOf(properties, job, passed.attributes);
  }
  const kept = await keptResults(job, properties).catch((error) => {
    world.log(`could not look for the results of the last deployment: ${error}`);
    return {};
  });
  return dataOfNone(properties, job, kept);
}

async function remove(job: Job, event: CloudFormationCustomResourceDeleteEvent): Promise<Answer | undefined> {
  const { world, id } = job;
  const OnDelete = (event.ResourceProperties as DeliveredProperties | undefined)?.OnDelete;
  const inspect = async ({ createdAt }: Task) => {
    if (isAfter(createdAt, event)) { // of a later deployment, where this event comes again; or of a Create whose event was late
      await failIfOutOfDate(job);
    }
  };
  const stop = () => stopLeftovers(job, [event.ResourceProperties], 'the resource is deleted', { inspect });
  let left = job.event.HandedOver ? [] : await stop();
  if (![id, `${id}/failed`].includes(event.PhysicalResourceId)) { // made up: the Create has not answered, and may be starting its task
    await world.sleep(LISTED_WITHIN_MS);
    left = await stop();
  }
  if (!OnDelete || event.PhysicalResourceId !== id) {
    return { status: 'SUCCESS', reason: notStopped(left) };
  }
  const undoing = await isUndoing(job).catch((error) => {
    if (error instanceof OutOfDate) {
      throw error;
    }
    return false;
  });
  const run = async () => runTask(job, parseRun(OnDelete as DeliveredProperties, 'OnDelete'), undoing ? 'rollback' : 'deletion');
  return undoing ? goOn(job, run) : run();
}

/** Where CloudFormation does not tell, a Delete goes on. */
async function failIfOutOfDate({ world, event }: Job): Promise<void> {
  await stackStatus(world, event).catch((error) => {
    if (error instanceof OutOfDate) {
      throw error;
    }
    world.log(`DescribeStacks: ${error}`);
  });
}

/** Stops what earlier requests have left running. A later one there shows that nobody waits for this one. */
async function clearUp(job: Job, because: string, properties: DeliveredProperties[], lookForMs?: number): Promise<string[]> {
  const inspect = async ({ createdAt }: Task) => {
    if (isAfter(createdAt, job.event)) {
      throw new OutOfDate();
    }
  };
  return stopLeftovers(job, properties, because, { lookForMs, inspect });
}

/** A rollback goes on whatever becomes of its task: a failure would leave the stack stuck. */
async function goOn(job: Job, run: () => Promise<Answer | undefined>): Promise<Answer | undefined> {
  const answer = await run().catch(unforeseen);
  return answer?.status === 'FAILED'
    ? { status: 'SUCCESS', reason: ['The rollback goes on without its task.', ...answer.reason], data: await restoredData(job) }
    : answer;
}
