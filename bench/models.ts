import { latency } from './recorded';
import type { Random } from '../test/simulation/clock';
import type { Life } from '../test/simulation/lives';

/** The result of one run. */
export interface Measured {
  /** The seconds from the time when the exit is visible in ECS to the answer; absent without an answer, or with a failure as the answer. */
  readonly delay?: number;
  /** The seconds from the request of CloudFormation to the start of the task; only for the library. */
  readonly untilStart?: number;
  readonly ecsCalls: number;
  /** The calls of all AWS APIs. */
  readonly allCalls: number;
}

const start = ({ provisioning, pending }: Life): number => provisioning + pending;
const visible = (life: Life): number => start(life) + life.running + life.stopping;
const stopped = (life: Life): number => visible(life) + life.deprovisioning;

/** The seconds that this number of calls takes, one after the other. */
const calls = (random: Random, count: number): number =>
  Array.from({ length: count }, () => latency(random)).reduce((sum, one) => sum + one, 0) / 1000;

/** The first poll is immediate, then every five seconds by default: https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources.ProviderProps.html#queryinterval */
const QUERY_INTERVAL = 5;

/** (a) The provider framework: a state machine calls its function, which calls isComplete, which calls ECS. */
export function providerFramework(random: Random, life: Life, end = stopped): Measured {
  let at = calls(random, 1); // StartExecution
  for (let polls = 1; ; polls++) {
    at += calls(random, 2); // two functions
    const saw = at; // ECS returns the state of the task at the time of the call
    at += calls(random, 1);
    if (saw >= end(life)) {
      return { delay: at + calls(random, 1) - visible(life), ecsCalls: 1 + polls, allCalls: 1 + polls + 1 + 2 * polls };
    }
    at += QUERY_INTERVAL;
  }
}

/** (a) with our rule for when exit codes are final. Its documentation does not have that rule. */
export function providerFrameworkWithOurRule(random: Random, life: Life): Measured {
  return providerFramework(random, life, visible);
}

/** The one published execution: its task was stopped 1.43 seconds before the execution ended. */
const UNTIL_EXECUTION_GOES_ON = 1.43;

/** (c) An event reports to Step Functions that the task is STOPPED. Then Step Functions calls a function, which answers. */
export function stepFunctions(random: Random, life: Life): Measured {
  return { delay: stopped(life) + UNTIL_EXECUTION_GOES_ON + calls(random, 2) - visible(life), ecsCalls: 1, allCalls: 3 };
}

/** (e) The waiter of the SDK, with its defaults, up to the longest timeout of a function. */
export function waiter(random: Random, life: Life): Measured {
  const [minDelay, maxDelay, longest] = [6, 600, 840];
  let at = calls(random, 1);
  for (let polls = 1; ; polls++) {
    const saw = at;
    at += calls(random, 1);
    if (saw >= stopped(life)) {
      return { delay: at + calls(random, 2) - visible(life), ecsCalls: 2 + polls, allCalls: 2 + polls };
    }
    const pause = polls > Math.log2(maxDelay / minDelay) + 1 ? maxDelay : random.between(minDelay, minDelay * 2 ** (polls - 1));
    if (at + pause > longest) {
      return { ecsCalls: 1 + polls, allCalls: 1 + polls };
    }
    at += pause;
  }
}
