import { InvokeCommand } from '@aws-sdk/client-lambda';
import { isProgress, Progress, Run } from './progress';
import { logState } from '../cloudformation/log-state';
import type { HandedOver, Request } from '../cloudformation/request';
import { isRefusal, isThrottled, reasonOf } from '../verdict/errors';
import { Failed } from '../verdict/failure';
import { ADVICE, FAILURES } from '../verdict/texts';

/** The version of `Progress`. A change that the previous version of the function cannot read needs a new number. */
const VERSION = 1;

/** Invokes the function to continue the same request. Returns why that failed. Until it succeeds, this invocation keeps watching the task. */
export async function handOver({ request, progress }: Run): Promise<Failed | undefined> {
  const { world, event, functionArn, sentAt, receivedAt } = request;
  const HandedOver: HandedOver = { version: VERSION, sentAt, receivedAt, progress };
  try {
    const { Payload } = await world.lambda.send(new InvokeCommand({
      FunctionName: functionArn,
      InvocationType: 'Event',
      Payload: JSON.stringify({ ...event, HandedOver }),
    }));
    JSON.parse(Buffer.from(Payload ?? []).toString() || 'null'); // the SDK does not read it: the page of a proxy would look like an accepted event
  } catch (error) {
    world.log(`Invoke failed: ${error}`);
    return new Failed({ ...FAILURES.noHandOver, ...reasonOf(error), advice: adviceOnHandOver(error) });
  }
  logState(request, 'HANDED_OVER', 'the next invocation of this function continues waiting');
  return undefined;
}

/** Only a missing permission is a matter of the role, and what Lambda rejects has reached it. */
function adviceOnHandOver(error: unknown): string | undefined {
  if (!isRefusal(error) || isThrottled(error)) {
    return ADVICE.reachLambda;
  }
  return /AccessDenied|not authorized/i.test(String(error)) ? ADVICE.allowSelfInvocation : undefined;
}

/** What the previous invocation handed over; nothing when this version of the function cannot read it. */
export function receiveHandOver({ event: { HandedOver } }: Request): Progress | undefined {
  return HandedOver?.version === VERSION && isProgress(HandedOver.progress) ? HandedOver.progress : undefined;
}
