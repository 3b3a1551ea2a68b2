import { CfnCondition, CustomResource, Duration, CfnResource } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { CheckStack } from '../stacks';

/** A function that answers CloudFormation as its properties say: late, twice, with a failure, or not at all. */
const CODE = `
exports.handler = async (event) => {
  const { RequestType, LogicalResourceId, RequestId, ResourceProperties: { Silent, Twice, Fails, Seconds } } = event;
  console.log(RequestType + ' of ' + LogicalResourceId + ', request ' + RequestId);
  if (Silent === RequestType) {
    return;
  }
  await new Promise((resolve) => setTimeout(resolve, Number(Seconds || 0) * 1000));
  await answer(event, Fails === RequestType ? { Status: 'FAILED', Reason: 'as its properties say' } : { Status: 'SUCCESS', Data: { Value: 'first' } });
  if (Twice === RequestType) {
    await answer(event, { Status: 'FAILED', Reason: 'the second answer', Data: { Value: 'second' } });
  }
};
async function answer({ ResponseURL, StackId, RequestId, LogicalResourceId }, more) {
  const body = new TextEncoder().encode(JSON.stringify({ StackId, RequestId, LogicalResourceId, PhysicalResourceId: LogicalResourceId, ...more }));
  const { status } = await fetch(ResponseURL, { method: 'PUT', body, headers: { 'content-type': '' } });
  console.log('answered ' + more.Status + ': ' + status);
}
`;

export interface AnsweringProps {
  /** The type of the request that gets no answer. */
  readonly silent?: 'Update' | 'Delete';
  /** The type of the request that gets a second answer. */
  readonly twice?: 'Create';
  /** The type of the request that fails. */
  readonly fails?: 'Create';
  /** How many seconds pass before the answer. */
  readonly seconds?: number;
  readonly serviceTimeout?: number;
}

/** Custom resources with such a function. */
export class AnsweringFunction {
  private readonly function: lambda.Function;

  constructor(private readonly stack: CheckStack) {
    this.function = new lambda.Function(stack, 'Function', {
      runtime: lambda.Runtime.NODEJS_22_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline(CODE),
      timeout: Duration.minutes(2),
    });
  }

  public addResource(id: string, { silent, twice, fails, seconds, serviceTimeout }: AnsweringProps, condition?: CfnCondition): CustomResource {
    const resource = new CustomResource(this.stack, id, {
      serviceToken: this.function.functionArn,
      resourceType: 'Custom::Answering',
      properties: { Silent: silent, Twice: twice, Fails: fails, Seconds: seconds, ServiceTimeout: serviceTimeout },
    });
    (resource.node.defaultChild as CfnResource).cfnOptions.condition = condition;
    return resource;
  }
}
