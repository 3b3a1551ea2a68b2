import { CustomResource, Duration } from 'aws-cdk-lib';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { handlerFunction, mayDescribe, mayRun, request } from './common';
import type { Ground } from '../app';

/** (a) https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html#provider-framework */
export function provider(ground: Ground) {
  const onEventHandler = handlerFunction(ground, 'OnEvent', 'onEvent');
  const isCompleteHandler = handlerFunction(ground, 'IsComplete', 'isComplete');
  mayRun(ground).forEach((statement) => onEventHandler.addToRolePolicy(statement));
  isCompleteHandler.addToRolePolicy(mayDescribe(ground));
  const { serviceToken } = new Provider(ground, 'Provider', { onEventHandler, isCompleteHandler, totalTimeout: Duration.hours(1) });
  return (id: string) => {
    new CustomResource(ground, id, { serviceToken, resourceType: 'Custom::Task', properties: { Request: request(ground) } });
  };
}
