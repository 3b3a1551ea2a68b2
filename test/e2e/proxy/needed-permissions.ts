import type { TaskDefinition } from '@aws-sdk/client-ecs';
import type { Call } from './calls';

/** What IAM is asked when the call is made. */
export interface Permission {
  readonly action: string;
  readonly resource: string;
  readonly context: Record<string, string>;
}

export interface Place {
  readonly partition?: string;
  readonly account: string;
  readonly region: string;
}

/** What a role must be allowed for a call to succeed, by AWS's service authorization reference. */
export function neededPermissions(call: Call, { partition = 'aws', account, region }: Place, definitionOf: (ref: string) => TaskDefinition): Permission[] {
  const arn = (service: string, resource: string) => `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const { input } = call;
  const clusterName = input.cluster?.split('/').at(-1) ?? 'default';
  const context = { 'ecs:cluster': arn('ecs', `cluster/${clusterName}`) };
  const task = (ref: string) => ref.startsWith('arn:') ? ref : arn('ecs', `task/${clusterName}/${ref}`);

  switch (`${call.service}:${call.operation}`) {
    case 'ecs:RunTask': {
      const { taskDefinitionArn, taskRoleArn, executionRoleArn } = definitionOf(input.taskDefinition);
      const { overrides = {}, tags, volumeConfigurations = [] } = input;
      const roles = [overrides.taskRoleArn ?? taskRoleArn, overrides.executionRoleArn ?? executionRoleArn].filter(Boolean);
      return [
        { action: 'ecs:RunTask', resource: taskDefinitionArn!, context },
        ...roles.map((role) => passRole(role, 'ecs-tasks.amazonaws.com')),
        ...volumeConfigurations.map((volume: any) => passRole(volume.managedEBSVolume.roleArn, 'ecs.amazonaws.com')),
        ...tags ? [{ action: 'ecs:TagResource', resource: task('new'), context: { ...context, 'ecs:CreateAction': 'RunTask' } }] : [],
      ];
    }
    case 'ecs:DescribeTasks':
      return input.tasks.map((ref: string) => ({ action: 'ecs:DescribeTasks', resource: task(ref), context }));
    case 'ecs:StopTask':
      return [{ action: 'ecs:StopTask', resource: task(input.task), context }];
    case 'ecs:ListTasks':
      return [{ action: 'ecs:ListTasks', resource: arn('ecs', `container-instance/${clusterName}/any`), context }];
    case 'ecs:DescribeTaskDefinition':
      return [{ action: 'ecs:DescribeTaskDefinition', resource: '*', context: {} }];
    case 'logs:GetLogEvents':
      return [{ action: 'logs:GetLogEvents', resource: arn('logs', `log-group:${input.logGroupName}:log-stream:${input.logStreamName}`), context: {} }];
    case 'cloudformation:DescribeStacks':
      return [{ action: 'cloudformation:DescribeStacks', resource: input.StackName, context: {} }];
    case 'lambda:InvokeFunction':
      return [{ action: 'lambda:InvokeFunction', resource: input.url.split('/functions/')[1].split('/invocations')[0], context: {} }];
    default:
      throw new Error(`The function made a call that nobody expected: ${call.service}:${call.operation}`);
  }
}

function passRole(resource: string, service: string): Permission {
  return { action: 'iam:PassRole', resource, context: { 'iam:PassedToService': service } };
}
