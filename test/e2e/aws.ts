import { CloudFormationClient, DescribeStackEventsCommand, DescribeStackResourcesCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTasksCommand, ECSClient, ListTasksCommand, Task } from '@aws-sdk/client-ecs';

// All of these find the local engines by the environment.
export const cloudFormation = new CloudFormationClient();
export const ecs = new ECSClient();
const cloudWatchLogs = new CloudWatchLogsClient();

export async function stackStatus(name: string): Promise<string> {
  const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({}));
  return Stacks.find(({ StackName }) => StackName === name)?.StackStatus ?? 'gone';
}

export async function outputsOf(name: string): Promise<{ [key: string]: string }> {
  const { Stacks: [{ Outputs = [] }] = [{}] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: name }));
  return Object.fromEntries(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
}

/** What CloudFormation says about the last failure of a resource of ours. */
export async function reasonOfFailure(name: string): Promise<string> {
  const { StackEvents = [] } = await cloudFormation.send(new DescribeStackEventsCommand({ StackName: name }));
  const failed = StackEvents.find(({ ResourceStatus, ResourceType }) => ResourceType === 'Custom::EcsRunTask' && ResourceStatus!.endsWith('_FAILED'));
  return failed?.ResourceStatusReason ?? '';
}

/** The physical ids of the resources of a type. */
export async function resourcesOf(name: string, type: string): Promise<string[]> {
  const { StackResources = [] } = await cloudFormation.send(new DescribeStackResourcesCommand({ StackName: name }));
  return StackResources.filter(({ ResourceType }) => ResourceType === type).map(({ PhysicalResourceId }) => PhysicalResourceId!);
}

/** All tasks that ever ran in the stack's cluster, the oldest first. */
export async function tasksOf(name: string): Promise<Task[]> {
  const lists = await Promise.all((['RUNNING', 'STOPPED'] as const).map((desiredStatus) =>
    ecs.send(new ListTasksCommand({ cluster: name, desiredStatus }))));
  const arns = lists.flatMap(({ taskArns = [] }) => taskArns);
  if (arns.length === 0) {
    return [];
  }
  const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster: name, tasks: arns }));
  return tasks.sort((a, b) => a.createdAt!.getTime() - b.createdAt!.getTime());
}

/** What the containers of the stack's tasks have printed. */
export async function linesOf(name: string): Promise<string[]> {
  return linesIn(`/e2e/${name}`);
}

/** What the function of the stack has logged. */
export async function functionLinesOf(name: string): Promise<string[]> {
  const [functionName] = await resourcesOf(name, 'AWS::Lambda::Function');
  return linesIn(`/aws/lambda/${functionName}`);
}

async function linesIn(logGroupName: string): Promise<string[]> {
  const { events = [] } = await cloudWatchLogs.send(new FilterLogEventsCommand({ logGroupName }));
  return events.map(({ message }) => message!);
}
