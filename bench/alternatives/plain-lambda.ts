import { CustomResource } from 'aws-cdk-lib';
import { handlerFunction, mayDescribe, mayRun, request } from './common';
import type { Ground } from '../app';

/** (e) A function that waits with the SDK's waiter, up to the longest timeout of a function. */
export function plainLambda(ground: Ground) {
  const runAndWait = handlerFunction(ground, 'RunAndWait', 'runAndWait');
  [...mayRun(ground), mayDescribe(ground)].forEach((statement) => runAndWait.addToRolePolicy(statement));
  return (id: string) => {
    new CustomResource(ground, id, { serviceToken: runAndWait.functionArn, resourceType: 'Custom::Task', properties: { Request: request(ground) } });
  };
}
