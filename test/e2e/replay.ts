import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeStackEventsCommand, DescribeStackEventsOutput } from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { CloudFormationCustomResourceResponse } from 'aws-lambda';
import { cloudFormation } from './aws';
import { folders } from './engine/folders';
import { until } from './engine/until';
import { ANSWERS_PATH } from './proxy/proxy';

/**
 * Sends the function of a stack what AWS would, for requests that the emulator does not make: it sends no Delete after a
 * Create that has failed, and nothing twice. Gives the function's answer.
 */
export async function replay(name: string, logicalId: string, request: object): Promise<CloudFormationCustomResourceResponse> {
  const { StackEvents = [] } = await cloudFormation.send(new DescribeStackEventsCommand({ StackName: name }));
  const properties = propertiesOf(name, logicalId, StackEvents);
  const answerUrl = `${process.env.E2E_PROXY}${ANSWERS_PATH}${randomUUID()}`; // the function answers to AWS and its stand-ins only
  await new LambdaClient().send(new InvokeCommand({
    FunctionName: properties.ServiceToken,
    InvocationType: 'Event',
    Payload: JSON.stringify({
      RequestId: randomUUID(),
      StackId: StackEvents[0].StackId,
      ResponseURL: answerUrl,
      ResourceType: 'Custom::EcsRunTask',
      LogicalResourceId: logicalId,
      ResourceProperties: properties,
      ...request,
    }),
  }));
  let answer: Response | undefined;
  await until('the function has answered', async () => (answer = await fetch(answerUrl)).ok, 300);
  return answer!.json() as Promise<CloudFormationCustomResourceResponse>;
}

/**
 * The properties as CloudFormation delivers them: with what references stand for, and all else as strings. Those of a
 * RunTask refer to nothing but names, ids and ARNs that are physical ids.
 */
function propertiesOf(name: string, logicalId: string, events: DescribeStackEventsOutput['StackEvents'] = []): Record<string, any> {
  const template = JSON.parse(readFileSync(join(folders.run, 'cdk.out', name, `${name}.template.json`), 'utf8'));
  const resolve = (value: any): any => {
    if (Array.isArray(value)) {
      return value.map(resolve);
    }
    if (typeof value !== 'object') {
      return String(value);
    }
    const referred = value.Ref ?? value['Fn::GetAtt']?.[0];
    return referred
      ? events.find((event) => event.LogicalResourceId === referred && event.PhysicalResourceId)!.PhysicalResourceId
      : Object.fromEntries(Object.entries(value).map(([key, member]) => [key, resolve(member)]));
  };
  return resolve(template.Resources[logicalId].Properties);
}
