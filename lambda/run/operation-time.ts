import { limit, Request } from '../cloudformation/request';
import { describeStack, isOfUpdate } from '../cloudformation/stack-status';
import { retry } from '../retry';
import { ERRORS } from '../verdict/texts';

/** When the operation on the stack began. An update has a time of its own, also where an answer leaves it out. */
export async function readOperationTime(request: Request, within: number): Promise<number> {
  return retry(request.world, limit(request, within), async () => {
    const { StackStatus = '', LastUpdatedTime, CreationTime } = await describeStack(request);
    const began = LastUpdatedTime ?? (isOfUpdate(StackStatus) ? undefined : CreationTime);
    if (!began) {
      throw new Error(ERRORS.noUpdateTime);
    }
    return began.getTime();
  });
}

/** The same; nothing when that cannot be read. */
export async function findOperationTime(request: Request, within: number): Promise<number | undefined> {
  return readOperationTime(request, within).catch((error) => {
    request.world.log(`DescribeStacks failed: ${error}`);
    return undefined;
  });
}
