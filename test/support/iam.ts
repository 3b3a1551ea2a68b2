import { runSimulation } from '@cloud-copilot/iam-simulate';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { Permission } from '../e2e/proxy/needed-permissions';

export interface Policy {
  readonly name: string;
  readonly policy: any;
}

export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** What IAM would say. */
export async function verdict({ action, resource, context }: Permission, identityPolicies: Policy[], principal: string): Promise<string> {
  const result = await runSimulation({
    request: { principal, action, resource: { resource, accountId: principal.split(':')[4] }, contextVariables: context },
    identityPolicies,
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  }, {});
  return 'overallResult' in result ? result.overallResult : JSON.stringify(result);
}

/** How a permission can be almost one that the function needs. */
type Change = (permission: Permission) => Permission;

const resource = (pattern: RegExp, other: string): Change => (permission) =>
  ({ ...permission, resource: permission.resource.replace(pattern, other) });
const context = (key: string, value?: string): Change => (permission) =>
  ({ ...permission, context: Object.fromEntries(Object.entries({ ...permission.context, [key]: value! }).filter(([, one]) => one !== undefined)) });
const cluster: Change = (permission) => context('ecs:cluster', permission.context['ecs:cluster'].replace(/[^/]+$/, 'other'))(permission);
const instead = (action: string): Change => (permission) => ({ ...permission, action, context: {} });

/** What the function must not be allowed, beside what it is: the action that is, and the difference. */
export const NEAR_MISSES: [string, string, Change][] = [
  ['to run another task definition', 'ecs:RunTask', resource(/task-definition\/[^:]+/, 'task-definition/other')],
  ['to run one whose family begins alike', 'ecs:RunTask', resource(/(task-definition\/[^:]+)/, '$1-other')],
  ['to run one of another Region', 'ecs:RunTask', resource(/ecs:[\w-]+:/, 'ecs:ap-south-1:')],
  ['to run it on another cluster', 'ecs:RunTask', cluster],
  ['to run it as a task of an instance', 'ecs:RunTask', (permission) => ({ ...permission, action: 'ecs:StartTask' })],
  ['to register another revision', 'ecs:RunTask', instead('ecs:RegisterTaskDefinition')],
  ['to see tasks of another cluster', 'ecs:DescribeTasks', (permission) => cluster(resource(/task\/[^/]+/, 'task/other')(permission))],
  ['to stop tasks of another cluster', 'ecs:StopTask', (permission) => cluster(resource(/task\/[^/]+/, 'task/other')(permission))],
  ['to list tasks of another cluster', 'ecs:ListTasks', cluster],
  ['to log in to tasks', 'ecs:StopTask', (permission) => ({ ...permission, action: 'ecs:ExecuteCommand' })],
  ['to tag a task that runs', 'ecs:TagResource', context('ecs:CreateAction')],
  ['to tag what it starts in other ways', 'ecs:TagResource', context('ecs:CreateAction', 'StartTask')],
  ['to tag tasks of another cluster', 'ecs:TagResource', resource(/task\/[^/]+/, 'task/other')],
  ['to pass another role', 'iam:PassRole', resource(/role\/.*/, 'role/other')],
  ['to pass a role to EC2', 'iam:PassRole', context('iam:PassedToService', 'ec2.amazonaws.com')],
  ['to pass a role to whomever', 'iam:PassRole', context('iam:PassedToService')],
  ['to take on a role itself', 'iam:PassRole', instead('sts:AssumeRole')],
  ['to read another log group', 'logs:GetLogEvents', resource(/log-group:[^:]+/, 'log-group:other')],
  ['to read one whose name begins alike', 'logs:GetLogEvents', resource(/(log-group:[^:]+)/, '$1-other')],
  ['to write to the log', 'logs:GetLogEvents', instead('logs:PutLogEvents')],
  ['to delete the log', 'logs:GetLogEvents', (permission) => instead('logs:DeleteLogGroup')(resource(/:log-stream:.*/, '')(permission))],
  ['to see another stack', 'cloudformation:DescribeStacks', resource(/stack\/.*/, 'stack/other/1')],
  ['to delete the stack', 'cloudformation:DescribeStacks', instead('cloudformation:DeleteStack')],
  ['to invoke another function', 'lambda:InvokeFunction', resource(/function:.*/, 'function:other')],
  ['to change its own code', 'lambda:InvokeFunction', instead('lambda:UpdateFunctionCode')],
];

/** The policies that the deployment of a stack gives its function, and the ARN of the role that they are on. */
export function deployedPolicies(stack: Stack, place: Place): { readonly role: string; readonly policies: Policy[] } {
  const value = evaluator(stack, place);
  const { Resources } = Template.fromStack(stack).toJSON();
  const ofType = (type: string) => Object.entries<any>(Resources).filter(([, { Type }]) => Type === type);
  const [, handler] = ofType('AWS::Lambda::Function').find(([logicalId]) => logicalId.startsWith('EcsRunTaskHandler'))!;
  const role: string = value(handler.Properties.Role);
  const inline = ofType('AWS::IAM::Role')
    .filter(([logicalId]) => value({ 'Fn::GetAtt': [logicalId, 'Arn'] }) === role)
    .flatMap(([, { Properties: { Policies = [] } }]) => Policies)
    .map(({ PolicyName, PolicyDocument }: any) => ({ name: PolicyName, policy: value(PolicyDocument) }));
  const attached = [...ofType('AWS::IAM::Policy'), ...ofType('AWS::IAM::ManagedPolicy')]
    .filter(([, { Properties }]) => value(Properties.Roles).some((name: string) => role.endsWith(`/${name}`)))
    .map(([logicalId, { Properties }]) => ({ name: logicalId, policy: value(Properties.PolicyDocument) }));
  return { role, policies: [...inline, ...attached] };
}

/** What CloudFormation makes of values in the template. Where nobody has given a name, it makes one. */
export function evaluator(stack: Stack, { partition, region, account }: Place): (value: any) => any {
  const { Resources } = Template.fromStack(stack).toJSON();
  const { stackName } = stack;
  const arn = (service: string, name: string, where = region) => `arn:${partition}:${service}:${where}:${account}:${name}`;
  const pseudoParameters: { [name: string]: string } = {
    'AWS::Partition': partition,
    'AWS::Region': region,
    'AWS::AccountId': account,
    'AWS::StackId': arn('cloudformation', `stack/${stackName}/11111111-2222-3333-4444-555555555555`),
    'AWS::URLSuffix': 'amazonaws.com',
  };

  function attribute(logicalId: string, name = 'Ref'): string {
    const { Type, Properties = {} } = Resources[logicalId];
    const given = (most: number, physicalName?: string) => physicalName ?? `${stackName}-${logicalId}-1A2B3C4D5E6F`.slice(0, most);
    switch (`${Type}.${name}`) {
      case 'AWS::ECS::Cluster.Arn': return arn('ecs', `cluster/${given(255, Properties.ClusterName)}`);
      case 'AWS::ECS::TaskDefinition.Ref': return arn('ecs', `task-definition/${Properties.Family}:1`);
      case 'AWS::IAM::Role.Arn': return arn('iam', `role${Properties.Path ?? '/'}${given(64, Properties.RoleName)}`, '');
      case 'AWS::IAM::Role.Ref': return given(64, Properties.RoleName);
      case 'AWS::Lambda::Function.Arn': return arn('lambda', `function:${given(64)}`);
      default: return given(255);
    }
  }

  return function evaluate(value: any): any {
    if (Array.isArray(value)) {
      return value.map(evaluate);
    }
    if (typeof value !== 'object') {
      return value;
    }
    const [[name, argument] = [], ...others] = Object.entries<any>(value);
    switch (others.length === 0 && name) {
      case 'Ref': return pseudoParameters[argument] ?? attribute(argument);
      case 'Fn::GetAtt': return attribute(argument[0], argument[1]);
      case 'Fn::Join': return evaluate(argument[1]).join(argument[0]);
      case 'Fn::Select': return evaluate(argument[1])[argument[0]];
      case 'Fn::Split': return evaluate(argument[1]).split(argument[0]);
      default: return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, evaluate(member)]));
    }
  };
}
