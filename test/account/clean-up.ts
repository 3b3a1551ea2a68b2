import { setTimeout as sleep } from 'node:timers/promises';
import {
  CancelUpdateStackCommand, DeleteStackCommand, DescribeStackResourcesCommand, DescribeStacksCommand, Stack, UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import { DeleteLogGroupCommand, DescribeLogGroupsCommand, ListTagsForResourceCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DeleteTaskDefinitionsCommand, DeregisterTaskDefinitionCommand, DescribeCapacityProvidersCommand, DescribeClustersCommand,
  DescribeTaskDefinitionCommand, DescribeTasksCommand, ListTaskDefinitionsCommand, ListTasksCommand, StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { DeleteRolePolicyCommand, ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import { GetResourcesCommand } from '@aws-sdk/client-resource-groups-tagging-api';
import type { Account } from './account';
import { GROUND } from './stacks';
import { PREFIX, registeredFamily, runIdOf, stackName, TAG } from './tags';

type Say = (line: string) => void;

/** The inline policy that a check attaches to the role of its own function for a minute. */
export const DENIAL = 'run-task-verify-deny';

/** Returns the runs that have stacks or other resources in this account and Region. */
export async function findRuns(account: Account): Promise<string[]> {
  const stacks = (await listStacks(account)).map(({ Tags }) => runIdOf(Tags)!);
  const tagged = await listTagged(account);
  const gone = await Promise.all(tagged.map(({ arn }) => isGone(account, arn)));
  return [...new Set([...stacks, ...tagged.filter((_, index) => !gone[index]).map(({ tags }) => runIdOf(tags)!)])];
}

/** Deletes what a run created, and returns the ARNs of what is left. Can be repeated, from any state. */
export async function cleanUp(account: Account, runId: string, say: Say): Promise<string[]> {
  const isGround = ({ StackName }: Stack) => StackName === stackName(runId, GROUND);
  const stacks = (await listStacks(account)).filter(({ Tags }) => runIdOf(Tags) === runId);
  await Promise.all(stacks.filter((stack) => !isGround(stack)).map((stack) => deleteStack(account, stack, say)));
  await Promise.all(stacks.filter(isGround).map((stack) => deleteStack(account, stack, say))); // the other stacks use its network
  await deleteTaskDefinitions(account, runId);
  await deleteLogGroups(account, `${PREFIX}-${runId}-`, say);
  return findLeft(account, runId);
}

/** How many times a failed deletion is attempted. A network interface can outlast its task by minutes. */
const DELETIONS = 4;

/** Deletes one stack of a run, in any state in which an interrupted deployment left it. */
export async function deleteStack(account: Account, { StackId, StackName }: Stack, say: Say): Promise<void> {
  const { cloudFormation } = account;
  say(`${StackName}: destroying...`);
  let failed = 0;
  for (let stack = await find(account, StackId!); stack; stack = await find(account, StackId!)) {
    const { StackStatus: status } = stack;
    failed += status === 'DELETE_FAILED' ? 1 : 0;
    if (failed >= DELETIONS) {
      throw new Error(`${StackName} cannot be deleted. Look at its events in the CloudFormation console, then clean up again with --resume.`);
    }
    if (status === 'UPDATE_IN_PROGRESS') {
      await cloudFormation.send(new CancelUpdateStackCommand({ StackName: StackId })).catch(() => undefined); // it may just have ended
    }
    if (!/_IN_PROGRESS$/.test(status!) || /^(CREATE|REVIEW)_/.test(status!)) { // CloudFormation rejects a deletion in any other operation
      await beginDeletion(account, stack);
    }
    await sleep(account.localEngine ? 500 : 5_000);
  }
  say(` ✅  ${StackName}: destroyed`);
}

async function beginDeletion(account: Account, { StackId, StackStatus, EnableTerminationProtection }: Stack): Promise<void> {
  const { cloudFormation } = account;
  if (EnableTerminationProtection) { // an interrupted check left this on
    await cloudFormation.send(new UpdateTerminationProtectionCommand({ StackName: StackId, EnableTerminationProtection: false }));
  }
  await removeWhatBlocks(account, StackId!);
  // A custom resource whose Delete failed needs no deletion itself: its function and its tasks are deleted with the stack.
  const RetainResources = StackStatus === 'DELETE_FAILED' ? await failedCustomResources(account, StackId!) : undefined;
  await cloudFormation.send(new DeleteStackCommand({ StackName: StackId, RetainResources }));
}

/** Returns the stack, unless it is deleted. */
async function find({ cloudFormation }: Account, stackId: string): Promise<Stack | undefined> {
  const { Stacks: [stack] = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: stackId })).catch((error) => {
    if (/does not exist/.test(error.message)) {
      return { Stacks: [] };
    }
    throw error;
  });
  return stack?.StackStatus === 'DELETE_COMPLETE' ? undefined : stack;
}

const resourcesOf = async ({ cloudFormation }: Account, stackId: string) =>
  (await cloudFormation.send(new DescribeStackResourcesCommand({ StackName: stackId }))).StackResources ?? [];

async function failedCustomResources(account: Account, stackId: string): Promise<string[]> {
  return (await resourcesOf(account, stackId))
    .filter(({ ResourceStatus, ResourceType }) => ResourceStatus === 'DELETE_FAILED' && /^(Custom::|AWS::CloudFormation::CustomResource)/.test(ResourceType!))
    .map(({ LogicalResourceId }) => LogicalResourceId!);
}

/** Removes what the checks started in the resources of the stack without CloudFormation: tasks in a cluster, a policy of a role. */
async function removeWhatBlocks({ ecs, iam, ...rest }: Account, stackId: string): Promise<void> {
  for (const { ResourceType, PhysicalResourceId } of await resourcesOf({ ecs, iam, ...rest }, stackId)) {
    if (ResourceType === 'AWS::ECS::Cluster' && PhysicalResourceId) {
      const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster: PhysicalResourceId, desiredStatus: 'RUNNING' }));
      await Promise.all(taskArns.map((task) => ecs.send(new StopTaskCommand({ cluster: PhysicalResourceId, task, reason: 'verify:account cleans up' }))));
    }
    if (ResourceType === 'AWS::IAM::Role' && PhysicalResourceId) {
      const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName: PhysicalResourceId })).catch(() => ({ PolicyNames: [] }));
      if (PolicyNames.includes(DENIAL)) {
        await iam.send(new DeleteRolePolicyCommand({ RoleName: PhysicalResourceId, PolicyName: DENIAL }));
      }
    }
  }
}

/** Lists the stacks of all runs, without nested stacks, which are deleted with their parents. */
async function listStacks({ cloudFormation }: Account): Promise<Stack[]> {
  const found: Stack[] = [];
  for (let NextToken: string | undefined, first = true; first || NextToken; first = false) {
    const page = await cloudFormation.send(new DescribeStacksCommand({ NextToken }));
    found.push(...page.Stacks ?? []);
    NextToken = page.NextToken;
  }
  return found.filter(({ Tags, ParentId, StackStatus }) => runIdOf(Tags) && !ParentId && StackStatus !== 'DELETE_COMPLETE');
}

interface Tagged {
  readonly arn: string;
  readonly tags: Array<{ Key?: string; Value?: string }>;
}

async function listTagged({ tagging }: Account, runId?: string): Promise<Tagged[]> {
  const found: Tagged[] = [];
  for (let PaginationToken: string | undefined, first = true; first || PaginationToken; first = false) {
    const page = await tagging.send(new GetResourcesCommand({ TagFilters: [{ Key: TAG, ...runId && { Values: [runId] } }], PaginationToken }));
    found.push(...(page.ResourceTagMappingList ?? []).map(({ ResourceARN, Tags = [] }) => ({ arn: ResourceARN!, tags: Tags })));
    PaginationToken = page.PaginationToken;
  }
  return found;
}

/**
 * CloudFormation only deregisters a task definition, and a deregistered one still has its tag. The tagging API lags behind, so the
 * family that a check registers without CloudFormation is also found by its name.
 */
async function deleteTaskDefinitions(account: Account, runId: string): Promise<void> {
  const { ecs } = account;
  const tagged = (await listTagged(account, runId)).map(({ arn }) => arn).filter((arn) => arn.includes(':task-definition/'));
  const { taskDefinitionArns = [] } = await ecs.send(new ListTaskDefinitionsCommand({ familyPrefix: registeredFamily(runId), status: 'ACTIVE' }));
  for (const taskDefinition of new Set([...tagged, ...taskDefinitionArns])) {
    const { taskDefinition: { status } = {}, tags } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition, include: ['TAGS'] }));
    if (runIdOf(tags) !== runId || status === 'DELETE_IN_PROGRESS') {
      continue;
    }
    if (status === 'ACTIVE') {
      await ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition }));
    }
    await ecs.send(new DeleteTaskDefinitionsCommand({ taskDefinitions: [taskDefinition] }));
  }
}

/**
 * Deletes the log groups with this prefix. Log groups of functions outlast their stacks. A function that still writes while its stack
 * is being deleted creates its group again, without a tag. The names contain the id of the run, so they belong to no other run.
 */
export async function deleteLogGroups({ logs }: Account, prefix: string, say: Say): Promise<void> {
  for (const logGroupNamePrefix of [`/aws/lambda/${prefix}`, `/${prefix}`]) {
    const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix }));
    for (const { logGroupName } of logGroups) {
      await logs.send(new DeleteLogGroupCommand({ logGroupName }));
      say(` ✅  ${logGroupName}: deleted`);
    }
  }
}

/** Returns what still has the tag of the run after the clean-up. The tagging API lags behind, so what it lists is checked again. */
async function findLeft(account: Account, runId: string): Promise<string[]> {
  let left: string[] = [];
  for (let attempt = 0; attempt < (account.localEngine ? 3 : 24); attempt++) {
    const stacks = (await listStacks(account)).filter(({ Tags }) => runIdOf(Tags) === runId).map(({ StackId }) => StackId!);
    const tagged = (await listTagged(account, runId)).map(({ arn }) => arn);
    const gone = await Promise.all(tagged.map((arn) => isGone(account, arn)));
    left = [...stacks, ...tagged.filter((_, index) => !gone[index])];
    if (left.length === 0) {
      break;
    }
    await sleep(account.localEngine ? 1_000 : 10_000);
  }
  return left;
}

/** Whether a resource is deleted, although ECS, EC2 or CloudWatch Logs still list it for a while. */
async function isGone({ ecs, logs, cloudFormation }: Account, arn: string): Promise<boolean> {
  const isMissing = ({ name, message }: Error) => /NotFound|does not exist|not found/i.test(`${name} ${message}`);
  if (/:cluster\//.test(arn)) {
    const { clusters = [] } = await ecs.send(new DescribeClustersCommand({ clusters: [arn] }));
    return clusters.every(({ status }) => status === 'INACTIVE');
  }
  if (/:capacity-provider\//.test(arn)) {
    const { capacityProviders = [] } = await ecs.send(new DescribeCapacityProvidersCommand({ capacityProviders: [arn] }));
    return capacityProviders.every(({ status }) => status === 'INACTIVE');
  }
  if (/:task-definition\//.test(arn)) {
    return ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: arn })).then(({ taskDefinition }) => taskDefinition?.status === 'DELETE_IN_PROGRESS', () => true);
  }
  if (/:task\//.test(arn)) {
    const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster: arn.split('/')[1], tasks: [arn] })).catch(() => ({ tasks: [] }));
    return tasks.every(({ lastStatus }) => lastStatus === 'STOPPED');
  }
  if (/:cloudformation:/.test(arn)) {
    return cloudFormation.send(new DescribeStacksCommand({ StackName: arn })).then(({ Stacks = [] }) => Stacks[0]?.StackStatus === 'DELETE_COMPLETE', isMissing);
  }
  if (/:logs:/.test(arn)) {
    return logs.send(new ListTagsForResourceCommand({ resourceArn: arn })).then(() => false, isMissing);
  }
  return /:(container-)?instance\/|:volume\//.test(arn); // EC2 lists a terminated instance for about an hour
}
