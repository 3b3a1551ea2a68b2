import { limit, Request } from '../cloudformation/request';
import { describeStack, timeOfOperation } from '../cloudformation/stack-status';
import { retry } from '../retry';
import { Failed, Unusable } from '../verdict/failure';
import { ERRORS } from '../verdict/texts';

/**
 * When the operation on the stack began, even if a response lacks its time. If `check` throws because of a status, the function
 * retries, unless that is a `Failed`.
 */
export async function readOperationTime(request: Request, within: number, check?: (status: string) => void): Promise<number> {
  return retry(request.world, limit(request, within), async () => {
    const stack = await describeStack(request);
    check?.(stack.StackStatus);
    const began = timeOfOperation(stack);
    if (began === undefined) {
      throw new Unusable(ERRORS.noUpdateTime);
    }
    return began;
  });
}

/** The same; nothing when that cannot be read. */
export async function findOperationTime(request: Request, within: number, check?: (status: string) => void): Promise<number | undefined> {
  return readOperationTime(request, within, check).catch((error) => {
    if (error instanceof Failed) {
      throw error;
    }
    request.world.log(`DescribeStacks failed: ${error}`);
    return undefined;
  });
}
