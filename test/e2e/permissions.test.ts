import { DescribeTaskDefinitionCommand, TaskDefinition } from '@aws-sdk/client-ecs';
import {
  GetPolicyCommand, GetPolicyVersionCommand, GetRolePolicyCommand, IAMClient, ListAttachedRolePoliciesCommand, ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { Duration } from 'aws-cdk-lib';
import { RunTaskProps } from 'cdk-ecs-run-task';
import { ecs, resourcesOf } from './aws';
import { deploy } from './deploy';
import { ACCOUNT, REGION } from './engine/ministack';
import { until } from './engine/until';
import { neededPermissions, Permission } from './proxy/needed-permissions';
import { expectFaults, recorded, recordedCalls } from './proxy-control';
import { NEAR_MISSES, Policy, verdict as verdictOf } from '../support/iam';

/** What the function has called, and its policies at that time. */
interface Use {
  readonly policies: Policy[];
  readonly needed: Permission[];
}

const NAME = 'Permissions';
const FAILS = 'echo last words; trap "exit 1" TERM; sleep 60 & wait';
let role: string;
let deployment: Use;
let deletion: Use;

// The emulator lets everybody do everything, so a simulator of IAM judges what the function has called.
beforeAll(async () => {
  await expectFaults();
  const props = { tags: { team: 'shop' }, enableExecuteCommand: true }; // so that its definitions have both roles
  const deployBoth = (command: string, more: Partial<RunTaskProps> = {}) => deploy(NAME, (stack) => {
    stack.run('Run', { app: command }, { ...props, ...more });
    stack.run('Leaves', { app: 'true' }, {
      ...props, onDelete: { taskDefinition: stack.define('OnDeleteDefinition', { app: FAILS }), timeout: Duration.seconds(8) },
    });
    stack.limitFunctionTo(10); // so that it has to invoke itself
  });
  const works = await deployBoth('sleep 7');
  const fails = await deployBoth(FAILS, { timeout: Duration.seconds(12) });
  expect([works.status, fails.status]).toEqual([0, 1]);
  role = (await resourcesOf(NAME, 'AWS::IAM::Role')).find((name) => name.includes('EcsRunTaskHandler'))!;
  deployment = { policies: await policiesOf(role), needed: await permissionsUsed() };

  await expectFaults();
  const leaves = deploy(NAME, (stack) => {
    stack.run('Run', { app: 'sleep 7' }, props);
    stack.limitFunctionTo(10);
  });
  await until('the task of the Delete has been started', async () => (await recorded('RunTask')).length > 0, 60);
  const policies = await policiesOf(role);
  await leaves;
  deletion = {
    // The role's own is up to date by then, and speaks of the other task.
    policies: policies.filter(({ name }) => name !== 'RunTask'),
    needed: await permissionsUsed(),
  };
});

test('the calls are all the kinds that the function makes', () => {
  const kinds = [
    'cloudformation:DescribeStacks', 'ecs:DescribeTasks', 'ecs:ListTasks', 'ecs:RunTask', 'ecs:StopTask', 'ecs:TagResource', 'iam:PassRole',
    'lambda:InvokeFunction', 'logs:GetLogEvents',
  ];
  expect([...new Set(deployment.needed.map(({ action }) => action))].sort()).toEqual(kinds);
  expect([...new Set(deletion.needed.map(({ action }) => action))].sort()).toEqual(kinds);
});

describe.each([['deployment', () => deployment], ['deletion of one task of several', () => deletion]])('in a %s, the role', (_, used) => {
  test('allows every call that the function made', async () => {
    const { needed, policies } = used();
    for (const permission of needed) {
      expect({ ...permission, verdict: await verdict(permission, policies) }).toEqual({ ...permission, verdict: 'Allowed' });
    }
  });

  test.each(NEAR_MISSES)('does not allow it %s', async (__, action, change) => {
    const { needed, policies } = used();
    const permission = change(needed.find((one) => one.action === action)!);
    expect({ ...permission, verdict: await verdict(permission, policies) }).toEqual({ ...permission, verdict: 'ImplicitlyDenied' });
  });
});

test('what only the one task may do goes with it', async () => {
  const start = deletion.needed.find(({ action }) => action === 'ecs:RunTask')!;
  expect(start.resource).toContain('OnDeleteDefinition');
  expect(await verdict(start, await policiesOf(role))).toBe('ImplicitlyDenied');
});

const verdict = (permission: Permission, policies: Policy[]) => verdictOf(permission, policies, `arn:aws:iam::${ACCOUNT}:role/${role}`);

/** All but AWS's own policy, which lets every function write its own log. */
async function policiesOf(roleName: string): Promise<Policy[]> {
  const iam = new IAMClient();
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName: roleName }));
  const inline = PolicyNames.map(async (name) => {
    const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName: roleName, PolicyName: name }));
    return { name, policy: JSON.parse(decodeURIComponent(PolicyDocument!)) };
  });
  const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: roleName }));
  const managed = AttachedPolicies.filter(({ PolicyArn }) => PolicyArn!.includes(`:${ACCOUNT}:`)).map(async ({ PolicyArn, PolicyName }) => {
    const { Policy: { DefaultVersionId } = {} } = await iam.send(new GetPolicyCommand({ PolicyArn }));
    const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: DefaultVersionId }));
    return { name: PolicyName!, policy: JSON.parse(decodeURIComponent(PolicyVersion!.Document!)) };
  });
  return Promise.all([...inline, ...managed]);
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
