import {
  App, Aws, CfnCondition, CfnParameter, CliCredentialsStackSynthesizer, DefaultStackSynthesizer, Duration, Fn, LegacyStackSynthesizer, NestedStack,
  Stack, StackSynthesizer, Token,
} from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as logs from 'aws-cdk-lib/aws-logs';
import { RunTask, RunTaskProps } from '../../src/index';
import { warningsOf } from '../support/expectations';
import { runTask, Setup, setup } from '../support/stacks';

describe('the warning about credentials that expire', () => {
  /** The warnings, and the role that the CDK CLI passes to CloudFormation. */
  function warningsWith(synthesizer: StackSynthesizer, props: Partial<RunTaskProps>, isNested = false) {
    const app = new App();
    const stack = new Stack(app, 'Stack', { synthesizer });
    const scope = isNested ? new NestedStack(stack, 'Nested') : stack;
    const taskDefinition = new ecs.FargateTaskDefinition(scope, 'Definition');
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    const task = new RunTask(scope, 'Task', { cluster: new ecs.Cluster(scope, 'Cluster'), taskDefinition, ...props });
    const warnings = warningsOf(stack, `/${task.node.path}`);
    return { warnings, role: app.synth().getStackByName('Stack').cloudFormationExecutionRoleArn };
  }

  test('is absent if CloudFormation has an execution role', () => {
    const { warnings, role } = warningsWith(new DefaultStackSynthesizer(), { timeout: Duration.hours(2) });

    expect({ warnings, role }).toEqual({ warnings: [], role: expect.stringContaining('cfn-exec-role') });
  });

  test.each<[string, () => StackSynthesizer]>([
    ['CliCredentialsStackSynthesizer', () => new CliCredentialsStackSynthesizer()],
    ['LegacyStackSynthesizer', () => new LegacyStackSynthesizer()],
  ])('is present with %s, which passes none', (_, make) => {
    const { warnings, role } = warningsWith(make(), { timeout: Duration.hours(2) });

    expect({ warnings, role }).toEqual({ warnings: [expect.stringContaining('cdk-ecs-run-task:expiringCredentials')], role: undefined });
  });

  test('depends on the synthesizer of the parent stack for a task in a nested stack', () => {
    expect(warningsWith(new DefaultStackSynthesizer(), { timeout: Duration.hours(2) }, true).warnings).toEqual([]);
    expect(warningsWith(new CliCredentialsStackSynthesizer(), { timeout: Duration.hours(2) }, true).warnings).toHaveLength(1);
  });

  test('is absent up to one hour, and for a timeout that only the deployment knows', () => {
    expect(warningsWith(new CliCredentialsStackSynthesizer(), { timeout: Duration.hours(1) }).warnings).toEqual([]);
    expect(warningsWith(new CliCredentialsStackSynthesizer(), { timeout: Duration.seconds(Token.asNumber({ Ref: 'Seconds' })) }).warnings).toEqual([]);
  });

  test('names the cause and the ways out', () => {
    expect(warningsWith(new CliCredentialsStackSynthesizer(), { timeout: Duration.hours(2) }).warnings).toEqual([
      'timeout is longer than one hour, but the synthesizer of the stack deploys without a CloudFormation execution role: '
      + 'the deployment fails when the credentials of the caller expire, and so does its rollback; '
      + 'use DefaultStackSynthesizer, or acknowledge this warning if you deploy with cdk deploy --role-arn [ack: cdk-ecs-run-task:expiringCredentials]',
    ]);
  });
});

describe('the warning about outputs in a log group of the class INFREQUENT_ACCESS', () => {
  const { INFREQUENT_ACCESS, STANDARD } = logs.LogGroupClass;

  function addContainer({ stack, taskDefinition }: Setup, containerName: string, logGroupClass: logs.LogGroupClass, essential = true): void {
    const logGroup = new logs.LogGroup(stack, `Log-${containerName}`, { logGroupClass });
    taskDefinition.addContainer(containerName, {
      image: ecs.ContainerImage.fromRegistry(containerName), essential, logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'x', logGroup }),
    });
  }

  test('names the container, the log group and the way out', () => {
    const given = setup();
    addContainer(given, 'worker', INFREQUENT_ACCESS);
    runTask(given).getOutput('Name');

    expect(warningsOf(given.stack)).toEqual([
      "getOutput reads the log of container 'worker', but the log group 'Stack/Log-worker/Resource' has the class INFREQUENT_ACCESS, "
      + 'for which CloudWatch Logs may refuse that: use the class STANDARD, or acknowledge this warning [ack: cdk-ecs-run-task:infrequentAccess]',
    ]);
  });

  test('is present for a log group that the container names by a fixed name', () => {
    const given = setup();
    new logs.CfnLogGroup(given.stack, 'Log', { logGroupName: '/shop', logGroupClass: INFREQUENT_ACCESS });
    const logging = new ecs.GenericLogDriver({ logDriver: 'awslogs', options: { 'awslogs-group': '/shop', 'awslogs-stream-prefix': 'shop' } });
    given.taskDefinition.addContainer('worker', { image: ecs.ContainerImage.fromRegistry('worker'), logging });
    runTask(given).getOutput('Name');

    expect(warningsOf(given.stack)).toEqual([expect.stringContaining("'Stack/Log'")]);
  });

  test('is absent if the stack uses no output', () => {
    const given = setup();
    addContainer(given, 'worker', INFREQUENT_ACCESS);
    expect(runTask(given).taskArn).toBeDefined();

    expect(warningsOf(given.stack)).toEqual([]);
  });

  test('is absent for a container that does not decide, and for the class STANDARD', () => {
    const given = setup();
    addContainer(given, 'worker', STANDARD);
    addContainer(given, 'sidecar', INFREQUENT_ACCESS, false);
    runTask(given).getOutput('Name');

    expect(warningsOf(given.stack)).toEqual([]);
  });

  test('is absent for a log group that is imported', () => {
    const given = setup();
    const logGroup = logs.LogGroup.fromLogGroupName(given.stack, 'Log', '/shop');
    const logging = ecs.LogDrivers.awsLogs({ streamPrefix: 'x', logGroup });
    given.taskDefinition.addContainer('worker', { image: ecs.ContainerImage.fromRegistry('worker'), logging });
    runTask(given).getOutput('Name');

    expect(warningsOf(given.stack)).toEqual([]);
  });
});

describe('the warning about an exitCodeFrom that may be empty', () => {
  const only = (condition: string, name: string) => Token.asString(Fn.conditionIf(condition, name, Aws.NO_VALUE));
  const unless = (condition: string, name: string) => Token.asString(Fn.conditionIf(condition, Aws.NO_VALUE, name));
  const warningsWith = (exitCodeFrom: string[]) => {
    const given = setup();
    ['A', 'B', 'IsProd'].forEach((id) => new CfnCondition(given.stack, id, { expression: Fn.conditionEquals('a', 'b') }));
    ['Name', 'Names'].forEach((id) => new CfnParameter(given.stack, id));
    runTask(given, { exitCodeFrom });
    return warningsOf(given.stack);
  };

  test('names the list and the ways out', () => {
    expect(warningsWith([only('IsProd', 'app')])).toEqual([
      'exitCodeFrom may be an empty list in the deployment, which the function rejects, got: [{"Fn::If":["IsProd","app",{"Ref":"AWS::NoValue"}]}]; '
      + 'name at least one container without a condition, or acknowledge this warning if the list is never empty [ack: cdk-ecs-run-task:emptyExitCodeFrom]',
    ]);
  });

  test.each<[string, () => string[]]>([
    ['two members with different conditions', () => [only('A', 'app'), unless('B', 'worker')]],
    ['AWS::NoValue alone', () => [Aws.NO_VALUE]],
    ['a list parameter', () => Token.asList({ Ref: 'Names' })],
    ['a list that a condition removes', () => Token.asList(Fn.conditionIf('A', ['app'], Aws.NO_VALUE))],
  ])('is present for %s', (_, make) => {
    expect(warningsWith(make())).toEqual([expect.stringContaining('cdk-ecs-run-task:emptyExitCodeFrom')]);
  });

  test.each<[string, () => string[]]>([
    ['names', () => ['app']],
    ['a name from a parameter', () => [Token.asString({ Ref: 'Name' })]],
    ['a member without a condition', () => [only('A', 'app'), 'app']],
    ['a condition between two names', () => [Token.asString(Fn.conditionIf('A', 'app', 'worker'))]],
    ['members with opposite conditions', () => [only('A', 'app'), unless('A', 'worker')]],
    ['a condition between two lists', () => Token.asList(Fn.conditionIf('A', ['app'], ['worker']))],
  ])('is absent for %s', (_, make) => {
    expect(warningsWith(make())).toEqual([]);
  });

  test('is present for onDelete', () => {
    const given = setup();
    runTask(given, { onDelete: { exitCodeFrom: new CfnParameter(given.stack, 'Names', { type: 'CommaDelimitedList' }).valueAsList } });

    expect(warningsOf(given.stack)).toEqual([expect.stringContaining('got: {"Ref":"Names"}')]);
  });
});
