import type { Put, Request } from './history';
import type { RunTaskProperties, RunSpec } from '../../src/contract';
import { LONGEST_SERVICE_TIMEOUT_SECONDS, resourcesFor } from '../../src/timing';

/** The time that CloudFormation adds to the timeout of the task before it gives up. */
const SERVICE_MARGIN_SECONDS = 300;
export const STACK_ID = 'arn:aws:cloudformation:eu-west-1:111122223333:stack/Shop/6d1a2b30-0000-11f1-9f3e-0a1b2c3d4e5f';
const LOGICAL_ID = 'Migration';
export const SERVICE_TOKEN = 'arn:aws:lambda:eu-west-1:111122223333:function:Shop-EcsRunTask';

/** Must never appear in a log. */
export const RESPONSE_SECRET = 'opensesame';

export const URL_EXPIRES_SECONDS = 7_200;

/** A pre-signed URL of S3, which contains the time of its signature. */
export function responseUrl(number: number, at: number): string {
  const signed = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
  return `https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/${number}?X-Amz-Date=${signed}&X-Amz-Expires=${URL_EXPIRES_SECONDS}&X-Amz-Signature=${RESPONSE_SECRET}`;
}

/** Signature version 2, as in events until 2018: the URL contains only the time when it expires. */
export function urlWithoutDate(number: number, at: number): string {
  const expires = Math.floor(at / 1_000) + URL_EXPIRES_SECONDS;
  return `https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/${number}?AWSAccessKeyId=ASIAEXAMPLE&Expires=${expires}&Signature=${RESPONSE_SECRET}`;
}

export function serviceTimeout({ TimeoutSeconds, OnDelete }: Pick<RunTaskProperties, 'TimeoutSeconds' | 'OnDelete'>): number {
  return Math.min(LONGEST_SERVICE_TIMEOUT_SECONDS, Math.max(TimeoutSeconds, OnDelete?.TimeoutSeconds ?? 0) + SERVICE_MARGIN_SECONDS);
}

export function whatToRun(type: Request['type'], properties: RunTaskProperties, isRollback: boolean, ofSuccessfulCreate: boolean): RunSpec | undefined {
  switch (type) {
    case 'Create': return properties;
    case 'Update': return properties.RunOn === 'CREATE' || (isRollback && properties.OnRollback !== 'RUN') ? undefined : properties;
    case 'Delete': return ofSuccessfulCreate ? properties.OnDelete : undefined;
  }
}

/** The properties of each resource of a RunTask in the template, without the values that only a deployment knows. */
export function templatesOf({ OnDelete, ...common }: RunTaskProperties): RunTaskProperties[] {
  const count = resourcesFor(common.TimeoutSeconds);
  return Array.from({ length: count }, (_, index) => ({
    ...common,
    ...(OnDelete && index === 0 ? { OnDelete } : {}),
    ...(index + 1 < count ? { HasNextLeg: true } : {}),
    ...(index > 0 ? { PreviousLeg: { First: LOGICAL_ID, Baton: '' } } : {}),
  }));
}

export function logicalId(number: number): string {
  return number === 1 ? LOGICAL_ID : `${LOGICAL_ID}${number}`;
}

/** Adds the attribute of the previous resource. */
export function withFrom(properties: RunTaskProperties, before?: { readonly data: { readonly [attribute: string]: string } }): RunTaskProperties {
  const { PreviousLeg } = properties;
  return PreviousLeg ? { ...properties, PreviousLeg: { ...PreviousLeg, Baton: before?.data.Baton ?? '' } } : properties;
}

/** The attributes that the template uses. */
export function attributesUsed({ type, properties: { HasNextLeg, UsedAttributes = {} } }: Pick<Request, 'type' | 'properties'>): string[] {
  if (type === 'Delete') {
    return [];
  }
  return HasNextLeg ? ['Baton'] : Object.keys(UsedAttributes);
}

/** What an answer passes on to the resource that continues the run. */
export function passedOn(text?: string): { state?: string; requestId?: string } {
  return text ? JSON.parse(text) : {};
}

/** The request whose run this one must continue, if any. A task that was running when that request was answered must belong to the same operation. */
export function whatItContinues(
  type: Request['type'], { PreviousLeg }: RunTaskProperties, requests: readonly Request[], { operation, isRollback }: Pick<Request, 'operation' | 'isRollback'>,
): { continues?: Request; isSkipped?: boolean } {
  const { state, requestId } = type === 'Delete' ? {} as ReturnType<typeof passedOn> : passedOn(PreviousLeg?.Baton);
  const giver = requests.find(({ id }) => id === requestId);
  const isOfNow = giver?.operation === operation && giver.isRollback === isRollback;
  return { continues: state === 'SUCCEEDED' || (state === 'RUNNING' && isOfNow) ? giver : undefined, isSkipped: state === 'SKIPPED' };
}

/** CloudFormation converts every number and boolean to a string. */
export function delivered(properties: RunTaskProperties): object {
  const asStrings = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      return value.map(asStrings);
    }
    if (typeof value === 'object' && value !== null) {
      const given = Object.entries(value).filter(([, member]) => member !== undefined);
      return Object.fromEntries(given.map(([name, member]) => [name, asStrings(member)]));
    }
    return String(value);
  };
  return { ServiceToken: SERVICE_TOKEN, ServiceTimeout: String(serviceTimeout(properties)), ...asStrings(properties) as object };
}

export function parse(body: string): Put['parsed'] {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Shortens the properties to one line of the history. */
export function inShort(properties: RunTaskProperties): string {
  const { Request: { taskDefinition, count, startedBy }, TimeoutSeconds, RetryAttempts, RunOn, OnRollback, OnDelete, CompleteWhen } = properties;
  return [
    taskDefinition!.split('/').pop(),
    ...(count ? [`count ${count}`] : []),
    `time-out ${TimeoutSeconds} s`,
    ...(RetryAttempts ? [`${RetryAttempts} retries`] : []),
    ...(RunOn !== 'CHANGE' ? [`RunOn ${RunOn}`] : []),
    ...(OnRollback ? [`OnRollback ${OnRollback}`] : []),
    ...(OnDelete ? ['OnDelete'] : []),
    ...(CompleteWhen !== 'EXIT_CODES_KNOWN' ? [CompleteWhen] : []),
    ...(startedBy ? [`startedBy ${startedBy}`] : []),
    ...(properties.UsedAttributes ? [`Results ${Object.keys(properties.UsedAttributes).join(' ')}`] : []),
  ].join(', ');
}
