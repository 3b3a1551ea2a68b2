import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { Progress, Run } from './progress';
import type { HandedOver, Request } from '../cloudformation/request';
import { retry } from '../retry';
import { Failed } from '../verdict/failure';

/** Of the shape of `Progress`. A change of shape that the previous version of the function cannot read needs another number. */
const VERSION = 1;

/** The next invocation continues the same request. Until it is certain to come, this one holds on to the task. */
export async function handOver({ request: { world, event, functionArn, handOverBy, sentAt }, progress }: Run): Promise<undefined> {
  const HandedOver: HandedOver = { version: VERSION, sentAt, progress };
  try {
    await retry(world, handOverBy, () => world.lambda.send(new InvokeCommand({
      FunctionName: functionArn,
      InvocationType: 'Event',
      Payload: JSON.stringify({ ...event, HandedOver }),
    })));
  } catch (error) {
    throw new Failed({
      cause: `the function could not hand over to its next invocation before its time-out (${error})`,
      advice: 'let its role invoke the function itself (lambda:InvokeFunction)',
    });
  }
  world.log('the next invocation of this function goes on waiting');
  return undefined;
}

/** What the previous invocation handed over; nothing when this version of the function cannot read it. */
export function receiveHandOver({ event: { HandedOver } }: Request): Progress | undefined {
  return HandedOver?.version === VERSION ? HandedOver.progress as Progress : undefined;
}
