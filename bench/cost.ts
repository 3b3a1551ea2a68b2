import { PRICES } from './prices';
import type { Table } from './table';
import { HAND_OVER_FROM, reserveOf } from '../src/timing';

const HOUR = 3_600;

/** What AWS charges for an hour of waiting. */
export function cost(): Table {
  const lambda = (megabytes: number, seconds: number, requests: number) =>
    megabytes / 1024 * seconds * PRICES.lambdaGigabyteSecond + requests * PRICES.lambdaRequest;
  const invocations = HOUR / (15 * 60 - HAND_OVER_FROM * reserveOf(15 * 60_000) / 1_000); // the schedule of lambda/cloudformation/request.ts
  const own = lambda(256, HOUR, invocations);
  const polls = HOUR / 5.3; // five seconds, and the duration of a poll
  const framework = lambda(128, polls * 2 * 0.15, polls * 2) + polls * PRICES.stateTransition;
  const stateMachine = 4 * PRICES.stateTransition + lambda(128, 2, 2);
  const rows: Array<[string, string, number]> = [
    ['ours', 'one function of 256 MB that waits', own],
    ['(a) `Provider`', 'a state transition every 5 s, and two functions of 128 MB for 0.15 s each', framework],
    ['(c) Step Functions', 'four state transitions, and two functions of 128 MB for a second each', stateMachine],
    ['(e) plain Lambda', 'one function of 128 MB; ends after 15 minutes', lambda(128, HOUR / 4, 1)],
  ];
  return {
    title: 'Cost of an hour of waiting',
    text: 'Arithmetic, from the prices in `prices.ts`. API calls of ECS, CloudFormation and Step Functions themselves are free of charge, and the cost of the few log lines is negligible.',
    head: ['', 'what is billed', 'dollars'],
    rows: rows.map(([name, what, dollars]) => [name, what, dollars.toFixed(4)]),
    bars: [
      { what: 'dollars, against (a)', is: own, atMost: framework },
      {
        what: 'dollars, against (c)',
        is: own,
        atMost: stateMachine,
        because: 'Lambda bills a function that waits and Step Functions does not. It is a cent and a half for a whole hour of migration, compared with seconds in every deployment',
      },
    ],
  };
}
