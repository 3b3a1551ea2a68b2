import { CustomResource } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Code } from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { EcsFargateLaunchTarget, EcsRunTask, LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { handlerFunction } from './common';
import type { Ground } from '../app';

const START = `
const { SFNClient, StartExecutionCommand } = require('@aws-sdk/client-sfn');
exports.handler = async (event) => {
  if (event.RequestType === 'Delete') {
    const { StackId, RequestId, LogicalResourceId, PhysicalResourceId } = event;
    const body = JSON.stringify({ Status: 'SUCCESS', StackId, RequestId, LogicalResourceId, PhysicalResourceId });
    return void await fetch(event.ResponseURL, { method: 'PUT', body, headers: { 'content-type': '' } });
  }
  await new SFNClient().send(new StartExecutionCommand({ stateMachineArn: event.ResourceProperties.StateMachine, input: JSON.stringify({ event }) }));
};`;

/** (c) https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html: the state machine waits, and a function answers CloudFormation. */
export function stepFunctions(ground: Ground) {
  const start = handlerFunction(ground, 'Start', 'handler', Code.fromInline(START));
  const answer = handlerFunction(ground, 'Answer', 'answerFor');
  return (id: string) => {
    const { cluster, taskDefinition, securityGroup } = ground;
    const answerIt = new LambdaInvoke(ground, `${id}Answer`, { lambdaFunction: answer });
    const run = new EcsRunTask(ground, `${id}Run`, {
      integrationPattern: sfn.IntegrationPattern.RUN_JOB,
      cluster,
      taskDefinition,
      securityGroups: [securityGroup],
      assignPublicIp: true,
      subnets: { subnetType: ec2.SubnetType.PUBLIC },
      launchTarget: new EcsFargateLaunchTarget(),
      resultPath: sfn.JsonPath.DISCARD,
    }).addCatch(answerIt, { resultPath: '$.error' });
    const stateMachine = new sfn.StateMachine(ground, `${id}StateMachine`, { definitionBody: sfn.DefinitionBody.fromChainable(run.next(answerIt)) });
    stateMachine.grantStartExecution(start);
    new CustomResource(ground, id, { serviceToken: start.functionArn, resourceType: 'Custom::Task', properties: { StateMachine: stateMachine.stateMachineArn } });
  };
}
