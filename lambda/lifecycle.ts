import type { Task } from '@aws-sdk/client-ecs';
import type { CloudFormationCustomResourceDeleteEvent, CloudFormationCustomResourceUpdateEvent } from 'aws-lambda';
import { Answer, answerBody, Attributes, sendAnswer } from './cloudformation/answer';
import { DeliveredProperties, parseProperties, parseRun } from './cloudformation/delivered-properties';
import { choosePhysicalId, idOfFailedCreate } from './cloudformation/identity';
import { Event, isNewerThan, LambdaContext, receiveRequest, Request } from './cloudformation/request';
import { isRollbackStatus, readStackStatus } from './cloudformation/stack-status';
import { retry } from './retry';
import { readKeptAttributes } from './run/attributes';
import { receiveHandOver } from './run/hand-over';
import { beginProgress } from './run/progress';
import { attributesOfRun, attributesWithoutRun, isSupersededByNextResource, ReceivedBaton, receiveBaton } from './run/relay';
import { resumeRun } from './run/resume';
import { runTask } from './run/run';
import { stopEarlierTasks } from './run/stop';
import { adviceOnError } from './verdict/causes';
import { Failed, OutOfDate } from './verdict/failure';
import { explain, notStopped, place, sentence } from './verdict/message';
import type { World } from './world';
import type { RunTaskProperties } from '../src/contract';
import { LISTED_WITHIN_MS, STATUS_WITHIN_MS, UPDATE_LOOKS_WITHIN_MS } from '../src/timing';

/** The handler of `Custom::EcsRunTask`. CloudFormation invokes it, and it answers to CloudFormation itself. */
export function createHandler(world: World) {
  return async (event: Event, context: LambdaContext): Promise<void> => {
    const request = receiveRequest(world, event, context);
    world.log(`${event.RequestType} of ${event.LogicalResourceId}, request ${event.RequestId}${event.HandedOver ? ', continued' : ''}`);

    const answer = await answerRequest(request).catch(answerError);
    if (!answer) {
      return;
    }
    // The CDK CLI finds the log of the function by these words.
    const reason = answer.status === 'FAILED' ? [...answer.reason, place(`CloudWatch Log Stream: ${context.logStreamName}`)] : answer.reason;
    world.log([answer.status, ...reason.map(({ text }) => text)].join('\n')); // whole, and cdk deploy prints this log when the deployment fails
    await sendAnswer(event, answerBody(event, choosePhysicalId(event, request.id, answer.status), { ...answer, reason }), world);
    await answer.afterwards?.().catch((error) => world.log(String(error)));
  };
}

/** Returns no answer when the next invocation, or the next resource, gives it. */
async function answerRequest(request: Request): Promise<Answer | undefined> {
  const { event, world } = request;
  if (await isSupersededByNextResource(request)) {
    world.log('CloudFormation has moved on without this request');
    return undefined;
  }
  switch (event.RequestType) {
    case 'Create': return create(request);
    case 'Update': return update(request, event);
    case 'Delete': return remove(request, event);
    default: throw new Error(`CloudFormation asks for ${(event as Event).RequestType}, which this version does not know`);
  }
}

function answerError(error: Error): Answer {
  return error instanceof Failed
    ? { status: 'FAILED', reason: explain(error.failure) }
    : { status: 'FAILED', reason: [sentence(`The function failed: ${error}.`)] };
}

async function create(request: Request): Promise<Answer | undefined> {
  const { ResourceProperties } = request.event;
  return deploy(request, parseProperties(ResourceProperties), [ResourceProperties]);
}

async function update(request: Request, event: CloudFormationCustomResourceUpdateEvent): Promise<Answer | undefined> {
  if (await isRollingBack(request)) {
    return neverFailRollback(request, () => rollBack(request, event));
  }
  const properties = parseProperties(event.ResourceProperties);
  return properties.RunOn === 'CREATE'
    ? skip(request, properties)
    : deploy(request, properties, [event.ResourceProperties, event.OldResourceProperties]);
}

async function deploy(request: Request, properties: RunTaskProperties, delivered: DeliveredProperties[]): Promise<Answer | undefined> {
  const baton = await receiveBaton(request);
  switch (baton?.state) {
    case 'SKIPPED': return skip(request, properties);
    case 'SUCCEEDED': return { status: 'SUCCESS', reason: [], data: attributesOfRun(request, properties, baton.attributes) };
  }
  const progress = await resumeRun(request, properties, 'deployment', baton);
  if (progress) {
    return runTask(request, properties, progress);
  }
  // Without a rollback, or without its function, a deployment that has failed can leave its task running.
  const stillRunning = await stopBeforeRun(request, 'a later deployment runs it anew', delivered, UPDATE_LOOKS_WITHIN_MS);
  if (stillRunning.length > 0) {
    return { status: 'FAILED', reason: [sentence('The task of an earlier deployment still runs, so no other was started.'), ...notStopped(stillRunning)] };
  }
  return runTask(request, properties, beginProgress(request, properties, 'deployment'));
}

/** An Update that runs no task. What the stack uses of the last run must be known. */
async function skip(request: Request, properties: RunTaskProperties): Promise<Answer> {
  const kept = await readKeptAttributes(request, properties);
  const unknown = Object.keys(properties.UsedAttributes ?? {}).filter((name) => !(name in kept));
  return unknown.length > 0
    ? { status: 'FAILED', reason: [sentence(`The task ran before the stack asked for its ${unknown.join(' and ')}, and runOn CREATE lets it run no more. Set runOn to CHANGE for this deployment.`)] }
    : { status: 'SUCCESS', reason: [sentence('No task was run: runOn is CREATE.')], data: attributesWithoutRun(request, properties, kept) };
}

async function rollBack(request: Request, event: CloudFormationCustomResourceUpdateEvent): Promise<Answer | undefined> {
  const { OnRollback, RunOn } = event.ResourceProperties as DeliveredProperties;
  const baton = await receiveBaton(request);
  const runsTask = OnRollback === 'RUN' && RunOn !== 'CREATE' && baton?.state !== 'SKIPPED' && baton?.state !== 'SUCCEEDED';
  const properties = runsTask ? parseProperties(event.ResourceProperties) : undefined;
  const progress = properties && await resumeRun(request, properties, 'rollback', baton);
  if (properties && progress) {
    return runTask(request, properties, progress);
  }
  const stillRunning = await stopBeforeRun(request, 'the deployment is rolled back', [event.OldResourceProperties, event.ResourceProperties]);
  return properties
    ? runTask(request, properties, beginProgress(request, properties, 'rollback'))
    : { status: 'SUCCESS', reason: [sentence('No task was run: this is a rollback.'), ...notStopped(stillRunning)], data: await restoreAttributes(request, baton) };
}

async function remove(request: Request, event: CloudFormationCustomResourceDeleteEvent): Promise<Answer | undefined> {
  const { world, id } = request;
  const OnDelete = (event.ResourceProperties as DeliveredProperties | undefined)?.OnDelete as DeliveredProperties | undefined;
  const inspect = async ({ createdAt }: Task) => {
    if (isNewerThan(event, createdAt)) { // of a later deployment, when Lambda delivers this event again; or of a Create whose event was late
      await failIfOutOfDate(request);
    }
  };
  const stop = () => stopEarlierTasks(request, [event.ResourceProperties], 'the resource is deleted', { inspect });
  let stillRunning = request.event.HandedOver ? [] : await stop();
  if (![id, idOfFailedCreate(id)].includes(event.PhysicalResourceId)) { // made up: the Create has not answered, and may be starting its task
    await world.sleep(LISTED_WITHIN_MS);
    stillRunning = await stop();
  }
  if (!OnDelete || event.PhysicalResourceId !== id) {
    return { status: 'SUCCESS', reason: notStopped(stillRunning) };
  }
  const isRollback = await isRollingBack(request).catch((error) => {
    if (error instanceof OutOfDate) {
      throw error;
    }
    return false;
  });
  const run = async () => {
    const spec = parseRun(OnDelete, 'OnDelete');
    const occasion = isRollback ? 'rollback' : 'deletion';
    return runTask(request, spec, await resumeRun(request, spec, occasion) ?? beginProgress(request, spec, occasion));
  };
  return isRollback ? neverFailRollback(request, run) : run();
}

/** Not knowing is a failure: running the task in a rollback can break it, and skipping it elsewhere hides that nothing ran. */
async function isRollingBack(request: Request): Promise<boolean> {
  const { world, event } = request;
  if (event.HandedOver) {
    const progress = receiveHandOver(request);
    if (progress) {
      return progress.occasion === 'rollback';
    }
  }
  try {
    return isRollbackStatus(await retry(world, world.now() + STATUS_WITHIN_MS, () => readStackStatus(request)));
  } catch (error) {
    if (error instanceof OutOfDate) {
      throw error;
    }
    throw new Failed({
      cause: 'CloudFormation did not tell whether this is a rollback, so no task was run',
      awsReason: String(error),
      advice: adviceOnError(error as Error) ?? 'deploy again, or continue the rollback',
    });
  }
}

/** A rollback continues whatever happens to its task: a failure would leave the stack stuck. */
async function neverFailRollback(request: Request, run: () => Promise<Answer | undefined>): Promise<Answer | undefined> {
  const answer = await run().catch(answerError);
  return answer?.status === 'FAILED'
    ? { status: 'SUCCESS', reason: [sentence('The rollback goes on without its task.'), ...answer.reason], data: await restoreAttributes(request) }
    : answer;
}

/** The attributes as they were. What cannot be read is left out: CloudFormation knows best whether it needs that. */
async function restoreAttributes(request: Request, baton?: ReceivedBaton): Promise<Attributes> {
  const properties = request.event.ResourceProperties as unknown as RunTaskProperties;
  if (baton?.state === 'SUCCEEDED') {
    return attributesOfRun(request, properties, baton.attributes);
  }
  const kept = await readKeptAttributes(request, properties).catch((error) => {
    request.world.log(`could not look for the attributes of the last deployment: ${error}`);
    return {};
  });
  return attributesWithoutRun(request, properties, kept);
}

/** Stops what earlier requests have left running. A task of a later one shows that nobody waits for this request. */
async function stopBeforeRun(request: Request, reason: string, delivered: DeliveredProperties[], lookForMs?: number): Promise<string[]> {
  const inspect = async ({ createdAt }: Task) => {
    if (isNewerThan(request.event, createdAt)) {
      throw new OutOfDate();
    }
  };
  return stopEarlierTasks(request, delivered, reason, { lookForMs, inspect });
}

/** When CloudFormation does not say, a Delete continues. */
async function failIfOutOfDate(request: Request): Promise<void> {
  await readStackStatus(request).catch((error) => {
    if (error instanceof OutOfDate) {
      throw error;
    }
    request.world.log(`DescribeStacks: ${error}`);
  });
}
