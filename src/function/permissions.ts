import { ArnFormat, Aws, Stack } from 'aws-cdk-lib';
import { PropagatedTagSource } from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { grantExecuteCommand } from './execute-command';
import { isOutput } from '../contract';
import type { RenderedTask } from '../request/render-request';
import { collectTags } from '../request/tags';
import { findDecidingContainers, findLogLocations, findLogsToRead, findOwnedDefinition, findTaskRole, listRoleArns, readFamily } from '../request/task-definition';
import type { RunTaskProps } from '../run-task-props';

/** The least permissions that the function needs for one task. */
export function listHandlerStatements(scope: Construct, { props, request }: RenderedTask, attributes: string[] = []): iam.PolicyStatement[] {
  const stack = Stack.of(scope);
  const { cluster, taskDefinition } = props;
  const arnOf = (resource: string, resourceName: string) => stack.formatArn({ service: 'ecs', resource, resourceName });
  const onCluster = { ArnEquals: { 'ecs:cluster': cluster.clusterArn } };
  const passRoles = (resources: string[], service: string) => resources.length === 0 ? [] : [new iam.PolicyStatement({
    actions: ['iam:PassRole'],
    resources,
    conditions: { StringEquals: { 'iam:PassedToService': service } },
  })];

  const statements = [
    new iam.PolicyStatement({
      actions: ['ecs:RunTask'],
      // Every revision: otherwise each deployment would have to wait until its new permission propagates.
      resources: [arnOf('task-definition', `${readFamily(taskDefinition)}:*`)],
      conditions: onCluster,
    }),
    // In an account that opted out of long ARNs, the ARN of a task does not name its cluster. The condition does.
    new iam.PolicyStatement({ actions: ['ecs:DescribeTasks', 'ecs:StopTask'], resources: [arnOf('task', '*')], conditions: onCluster }),
    new iam.PolicyStatement({ actions: ['ecs:ListTasks'], resources: ['*'], conditions: onCluster }),
    ...passRoles(listRoleArns(taskDefinition, request), 'ecs-tasks.amazonaws.com'),
    ...passRoles((request.volumeConfigurations ?? []).flatMap(({ managedEBSVolume }) => managedEBSVolume?.roleArn ?? []), 'ecs.amazonaws.com'),
    new iam.PolicyStatement({ actions: ['cloudformation:DescribeStacks'], resources: [Aws.STACK_ID] }),
  ];
  // If the user sets startedBy, the function marks the task with its own tag.
  const tags = Array.isArray(request.tags) ? request.tags : Object.keys(collectTags(props));
  const tagged = tags.length > 0 || (request.propagateTags && request.propagateTags !== PropagatedTagSource.NONE);
  if (tagged || request.enableECSManagedTags || request.startedBy) {
    statements.push(new iam.PolicyStatement({
      actions: ['ecs:TagResource'],
      resources: [arnOf('task', `${cluster.clusterName}/*`)], // ECS accepts tags only on tasks with long ARNs
      conditions: { StringEquals: { 'ecs:CreateAction': 'RunTask' } },
    }));
  }
  const logs = attributes.some(isOutput) ? findLogLocations(props) : findLogsToRead(props);
  const streams = [...new Set(Object.values(logs).map(({ Group, Region }) => stack.formatArn({
    service: 'logs', region: Region, resource: 'log-group', resourceName: `${Group}:log-stream:*`, arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })))];
  if (streams.length > 0) {
    statements.push(new iam.PolicyStatement({
      actions: ['logs:GetLogEvents'],
      resources: streams,
    }));
  }
  if (!findDecidingContainers(props)) {
    // To see which containers are essential. This action cannot be limited to a resource.
    statements.push(new iam.PolicyStatement({ actions: ['ecs:DescribeTaskDefinition'], resources: ['*'] }));
  }
  return statements;
}

/** Grants the task's own roles what `enableExecuteCommand` and `environmentFiles` need. */
export function grantToTask(scope: Construct, props: RunTaskProps): void {
  if (props.enableExecuteCommand) {
    grantExecuteCommand(scope, props.cluster, findTaskRole(props));
  }
  const files = (props.containerOverrides ?? []).flatMap(({ environmentFiles }) => environmentFiles ?? []).map((file) => file.bind(scope).s3Location);
  if (files.length > 0) {
    const owned = findOwnedDefinition(props.taskDefinition);
    const role = props.taskOverrides?.executionRole ?? owned?.obtainExecutionRole() ?? props.taskDefinition.executionRole;
    const arnOf = (resource: string) => Stack.of(scope).formatArn({ service: 's3', region: '', account: '', resource, arnFormat: ArnFormat.NO_RESOURCE_NAME });
    role?.addToPrincipalPolicy(new iam.PolicyStatement({
      actions: ['s3:GetObject'],
      resources: files.map(({ bucketName, objectKey }) => arnOf(`${bucketName}/${objectKey}`)),
    }));
    role?.addToPrincipalPolicy(new iam.PolicyStatement({
      actions: ['s3:GetBucketLocation'],
      resources: files.map(({ bucketName }) => arnOf(bucketName)),
    }));
  }
}
