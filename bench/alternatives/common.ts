import { resolve } from 'node:path';
import { Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Ground } from '../app';

/** The folder into which handlers.ts is bundled, with esbuild's defaults. */
export const HANDLERS = resolve(__dirname, '../../.local/bench/handlers');

export function handlerFunction(scope: Construct, id: string, handler: string, code: lambda.Code = lambda.Code.fromAsset(HANDLERS)): lambda.Function {
  return new lambda.Function(scope, id, {
    code,
    handler: `index.${handler}`,
    runtime: new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS, { supportsInlineCode: true }),
    timeout: Duration.minutes(15),
  });
}

export function request({ cluster, taskDefinition, vpc, securityGroup }: Ground) {
  return {
    cluster: cluster.clusterArn,
    taskDefinition: taskDefinition.taskDefinitionArn,
    launchType: 'FARGATE',
    networkConfiguration: {
      awsvpcConfiguration: { subnets: vpc.publicSubnets.map(({ subnetId }) => subnetId), securityGroups: [securityGroup.securityGroupId], assignPublicIp: 'ENABLED' },
    },
  };
}

export function mayRun({ taskDefinition }: Ground): iam.PolicyStatement[] {
  return [
    new iam.PolicyStatement({ actions: ['ecs:RunTask'], resources: [taskDefinition.taskDefinitionArn] }),
    new iam.PolicyStatement({ actions: ['iam:PassRole'], resources: [taskDefinition.taskRole.roleArn, taskDefinition.obtainExecutionRole().roleArn] }),
  ];
}

export function mayDescribe({ cluster }: Ground): iam.PolicyStatement {
  return new iam.PolicyStatement({ actions: ['ecs:DescribeTasks'], resources: [Stack.of(cluster).formatArn({ service: 'ecs', resource: 'task', resourceName: '*' })] });
}
