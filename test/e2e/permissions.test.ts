import { DescribeTaskDefinitionCommand, TaskDefinition } from '@aws-sdk/client-ecs';
import { GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { Duration } from 'aws-cdk-lib';
import { ecs, resourcesOf } from './aws';
import { deploy, Ground } from './deploy';
import { ACCOUNT, REGION } from './engine/ministack';
import { neededPermissions, Permission } from './proxy/needed-permissions';
import { expectFaults, recordedCalls } from './proxy-control';

interface Policy {
  readonly name: string;
  readonly policy: object;
}

const NAME = 'Permissions';
let role: string;
let policies: Policy[];
let needed: Permission[];

// The emulator lets everybody do everything, so a simulator of IAM judges what the function has called.
beforeAll(async () => {
  await expectFaults();
  const tags = { team: 'shop' };
  const works = await deploy(NAME, (stack: Ground) => {
    stack.run('Run', { app: 'sleep 7' }, { tags });
    stack.limitFunctionTo(10); // so that it has to invoke itself
  });
  const fails = await deploy(NAME, (stack: Ground) => {
    stack.run('Run', { app: 'echo last words; sleep 60' }, { tags, timeout: Duration.seconds(3) });
    stack.limitFunctionTo(10);
  });
  expect([works.status, fails.status]).toEqual([0, 1]);

  role = (await resourcesOf(NAME, 'AWS::IAM::Role')).find((name) => name.includes('EcsRunTaskHandler'))!;
  policies = await inlinePoliciesOf(role);
  needed = await permissionsUsed();
});

test('the calls are all the kinds that the function makes', () => {
  expect([...new Set(needed.map(({ action }) => action))].sort()).toEqual([
    'cloudformation:DescribeStacks', 'ecs:DescribeTasks', 'ecs:ListTasks', 'ecs:RunTask', 'ecs:StopTask', 'ecs:TagResource', 'iam:PassRole',
    'lambda:InvokeFunction', 'logs:GetLogEvents',
  ]);
});

test('the role allows every call that the function made', async () => {
  for (const permission of needed) {
    expect({ ...permission, verdict: await verdict(permission) }).toEqual({ ...permission, verdict: 'Allowed' });
  }
});

test('the role refuses them on another cluster', async () => {
  const elsewhere = (text: string) => text.replace(/(cluster|task|container-instance)\/Permissions/, '$1/elsewhere');
  const onCluster = needed.filter(({ context }) => 'ecs:cluster' in context);
  for (const { action, resource, context } of onCluster) {
    const permission = { action, resource: elsewhere(resource), context: { ...context, 'ecs:cluster': elsewhere(context['ecs:cluster']) } };
    expect({ ...permission, verdict: await verdict(permission) }).toEqual({ ...permission, verdict: 'ImplicitlyDenied' });
  }
});

test.each([
  ['another task definition', 'ecs:RunTask', /task-definition\/\w+/, 'task-definition/Other'],
  ['another role', 'iam:PassRole', /role\/.*/, 'role/Other'],
  ['another function', 'lambda:InvokeFunction', /function:.*/, 'function:Other'],
  ['another stack', 'cloudformation:DescribeStacks', /stack\/.*/, 'stack/Other/1'],
  ['another log group', 'logs:GetLogEvents', /log-group:.*/, 'log-group:Other:log-stream:app'],
])('the role refuses %s', async (_, action, pattern, other) => {
  const permission = needed.find((one) => one.action === action)!;
  expect(await verdict({ ...permission, resource: permission.resource.replace(pattern, other) })).toBe('ImplicitlyDenied');
});

test('the role hands roles to no other service', async () => {
  const permission = needed.find(({ action }) => action === 'iam:PassRole')!;
  expect(await verdict({ ...permission, context: { 'iam:PassedToService': 'ec2.amazonaws.com' } })).toBe('ImplicitlyDenied');
});

async function verdict({ action, resource, context }: Permission): Promise<string> {
  const result = await runSimulation({
    request: {
      principal: `arn:aws:iam::${ACCOUNT}:role/${role}`,
      action,
      resource: { resource, accountId: ACCOUNT },
      contextVariables: context,
    },
    identityPolicies: policies,
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  }, {});
  return 'overallResult' in result ? result.overallResult : JSON.stringify(result);
}

/** All but the managed policy, which lets every function write its own log. */
async function inlinePoliciesOf(roleName: string): Promise<Policy[]> {
  const iam = new IAMClient();
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName: roleName }));
  return Promise.all(PolicyNames.map(async (name) => {
    const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName: roleName, PolicyName: name }));
    return { name, policy: JSON.parse(decodeURIComponent(PolicyDocument!)) };
  }));
}

async function permissionsUsed(): Promise<Permission[]> {
  const calls = await recordedCalls();
  const definitions = new Map<string, TaskDefinition>();
  for (const { input } of calls.filter(({ operation }) => operation === 'RunTask')) {
    const { taskDefinition } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: input.taskDefinition }));
    definitions.set(input.taskDefinition, taskDefinition!);
  }
  return calls.flatMap((call) => neededPermissions(call, { account: ACCOUNT, region: REGION }, (ref) => definitions.get(ref)!));
}
