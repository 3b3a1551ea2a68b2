import { Answer, answerBody, answerError, sendAnswer } from './cloudformation/answer';
import { choosePhysicalId } from './cloudformation/identity';
import { logState } from './cloudformation/log-state';
import { renderMetrics } from './cloudformation/metrics';
import { Event, LambdaContext, receiveRequest, Request } from './cloudformation/request';
import { remove } from './lifecycle/delete';
import { create, update } from './lifecycle/deploy';
import { isSupersededByNextResource } from './run/relay';
import { place, printable } from './verdict/message';
import { ERRORS } from './verdict/texts';
import type { World } from './world';

/** The handler of `Custom::EcsRunTask`. CloudFormation invokes it, and it answers to CloudFormation itself. */
export function createHandler(outside: World) {
  const world: World = { ...outside, log: (line) => outside.log(printable(line)) }; // cdk deploy prints the log, too
  return async (event: Event, context: LambdaContext): Promise<void> => {
    const request = receiveRequest(world, event, context);
    logState(request, event.HandedOver ? 'CONTINUED' : 'RECEIVED', `${event.RequestType} of ${event.LogicalResourceId}`);

    const answer = await answerRequest(request).catch(answerError);
    if (!answer) {
      return;
    }
    const { status, runRequestId } = answer;
    // The CDK CLI finds the log of the function by these words.
    const reason = status === 'FAILED' ? [...answer.reason, place(`CloudWatch Log Stream: ${context.logStreamName}`)] : answer.reason;
    logState(request, status, status, { details: reason.map(({ text }) => text) }); // not shortened: cdk deploy prints this log when the deployment fails
    await sendAnswer(event, answerBody(event, choosePhysicalId(event, request.id, status, runRequestId), { ...answer, reason }), world);
    const metrics = renderMetrics(request, answer);
    if (metrics) {
      world.log(metrics);
    }
    await answer.afterwards?.(world).catch((error) => world.log(String(error)));
  };
}

/** Returns no answer when the next invocation, or the next resource, gives it. */
async function answerRequest(request: Request): Promise<Answer | undefined> {
  const { event, world } = request;
  if (await isSupersededByNextResource(request)) {
    world.log('CloudFormation no longer waits for this request');
    return undefined;
  }
  switch (event.RequestType) {
    case 'Create': return create(request);
    case 'Update': return update(request, event);
    case 'Delete': return remove(request, event);
    default: throw new Error(ERRORS.unknownRequestType((event as Event).RequestType));
  }
}
