import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { Request } from './request';
import { problemWithResponseUrl } from './response-url';
import { Failed } from '../verdict/failure';
import { asciiJson, explain, fit, Line } from '../verdict/message';
import { ERRORS, FAILURES } from '../verdict/texts';
import type { World } from '../world';

/** The values of attributes, by their names. */
export interface Attributes {
  readonly [attribute: string]: string;
}

/** The answer to one request of CloudFormation. */
export interface Answer {
  readonly status: 'SUCCESS' | 'FAILED';
  /** Shortened when it is too long for CloudFormation. */
  readonly reason: readonly Line[];
  /** The attributes of the resource. */
  readonly data?: Attributes;
  /** The request that started the tasks of a run that has failed. */
  readonly runRequestId?: string;
  /** How many times tasks were rerun; absent if no run has ended. */
  readonly reruns?: number;
  /** What to do once it was sent, in a world whose calls no longer have to end before it. */
  readonly afterwards?: (world: World) => Promise<void>;
}

/** The whole answer, inclusive: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html */
const MOST_BYTES = 4096;

/** By how much the logical id of a resource that passes on the same results may be longer. */
const LONGER_ID_BYTES = 8;

const ATTEMPTS = 8;

/** The body of the answer, within CloudFormation's limit. */
export function answerBody(event: CloudFormationCustomResourceEvent, physicalResourceId: string, answer: Answer): string {
  const body = (reason: string) => asciiJson({
    Status: answer.status,
    Reason: reason,
    PhysicalResourceId: physicalResourceId,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    Data: hasMembers(answer.data) ? answer.data : undefined,
  });
  return body(fit(answer.reason, MOST_BYTES - body('').length));
}

function hasMembers(data: Attributes = {}): boolean {
  return Object.keys(data).length > 0;
}

/** By how many bytes an answer with these attributes would be too long, even without a reason. */
export function bytesOver({ event, id }: Request, data: Attributes): number {
  return answerBody(event, 'PhysicalResourceId' in event ? event.PhysicalResourceId : id, { status: 'SUCCESS', reason: [], data }).length + LONGER_ID_BYTES - MOST_BYTES;
}

/**
 * Sends the answer to CloudFormation. Throws if that fails: Lambda then repeats the invocation, which finds the same task again. An
 * answer to a host outside AWS is neither sent nor repeated.
 */
export async function sendAnswer({ ResponseURL: url, StackId }: Pick<CloudFormationCustomResourceEvent, 'ResponseURL' | 'StackId'>, body: string, world: World): Promise<void> {
  const problem = problemWithResponseUrl(url, StackId);
  if (problem) {
    world.log(`The answer was not sent. The ResponseURL of the request is not trusted: ${problem}`);
    return;
  }
  for (let attempt = 1; ; attempt++) {
    const failure = await world.put(url, body).then(
      (status) => status >= 200 && status < 300 ? undefined : `HTTP status ${status}`,
      (error: Error) => error.name,
    );
    if (failure === undefined) {
      return;
    }
    world.log(`${ERRORS.answerNotAccepted} (${failure}), attempt ${attempt} of ${ATTEMPTS}`);
    if (attempt === ATTEMPTS) {
      throw new Error(ERRORS.answerNotAccepted);
    }
    await world.sleep(Math.min(500 * 2 ** attempt, 10_000));
  }
}

/** The answer to a request that has failed with an error. */
export function answerError(error: unknown): Answer {
  return { status: 'FAILED', reason: explain(error instanceof Failed ? error.failure : FAILURES.unexpected(String(error))) };
}
