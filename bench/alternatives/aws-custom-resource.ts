import { AwsCustomResource, AwsCustomResourcePolicy, AwsSdkCall, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { mayRun, request } from './common';
import type { Ground } from '../app';

/** (b) https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html#custom-resources-for-aws-apis: it does not wait. */
export function awsCustomResource(ground: Ground) {
  return (id: string) => {
    const call: AwsSdkCall = { service: 'ECS', action: 'runTask', parameters: request(ground), physicalResourceId: PhysicalResourceId.of(id) };
    new AwsCustomResource(ground, id, {
      onCreate: call,
      onUpdate: call,
      policy: AwsCustomResourcePolicy.fromStatements(mayRun(ground)),
      installLatestAwsSdk: false,
    });
  };
}
