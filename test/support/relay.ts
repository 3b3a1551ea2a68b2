import { Answered, create, Event, FakeAws, properties, START, update } from './fake-aws';

/** One hour, in seconds. */
export const HOURS = 3_600;

/** The properties of one of the three resources that wait for a task of up to 165 minutes. */
export function nth(number: number, baton?: string, more: object = {}) {
  return properties({
    ServiceTimeout: '3600',
    TimeoutSeconds: '9900',
    UsedAttributes: { TaskArn: 'MigrationTaskArn' },
    ...number < 3 ? { HasNextLeg: 'true' } : {},
    ...number > 1 ? { PreviousLeg: { First: 'Migration', Baton: baton } } : {},
    ...more,
  });
}

/** The event as CloudFormation sends it now, to one of the resources. */
export function sent(world: FakeAws, event: Event, number: number): Event {
  const signed = new Date(START + world.seconds() * 1000).toISOString().replace(/[-:]|\.\d+/g, '');
  return {
    ...event,
    RequestId: `${event.RequestId}-${number}`,
    LogicalResourceId: number === 1 ? 'Migration' : `Migration${number}`,
    ResponseURL: `https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/answer?X-Amz-Date=${signed}&X-Amz-Signature=secret`,
  };
}

/** A deployment of the three resources, up to the first that fails; returns their answers. */
export async function deploy(world: FakeAws, eventOf: (number: number, baton?: string) => Event, upTo = 3): Promise<Answered[]> {
  const answers: Answered[] = [];
  let baton: string | undefined;
  for (let number = 1; number <= upTo; number++) {
    const answer = await world.request(sent(world, eventOf(number, baton), number));
    answers.push(answer);
    baton = answer.Data?.Baton;
    if (answer.Status === 'FAILED') {
      break;
    }
  }
  return answers;
}

export const creating = (more?: object) => (number: number, baton?: string) => create(nth(number, baton, more));
export const updating = (more?: object) => (number: number, baton?: string) => update(nth(number, baton, more), nth(number, 'old', more));

/** Each of the three resources answered SUCCESS. */
export function expectAllSucceeded(answers: Answered[]): void {
  expect(answers.map(({ Status }) => Status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
}
