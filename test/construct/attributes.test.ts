import { CfnOutput, Duration, Fn, Stack, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { RESOURCE_TYPE } from '../../src/contract';
import { RunTask, RunTaskProps } from '../../src/index';
import { propertiesOf, readable, runTask, setup, Setup, statementsOf } from '../support/stacks';

/** A setup whose container logs to CloudWatch Logs. */
function withLog(): Setup {
  const given = setup();
  const taskDefinition = new ecs.FargateTaskDefinition(given.stack, 'Logging');
  taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'shop' }) });
  return { ...given, taskDefinition };
}

/** What the parameter is that the stack makes of a value. */
function parameterOf(stack: Stack, stringValue: string): string {
  new ssm.StringParameter(stack, 'Parameter', { stringValue });
  const [parameter] = Object.values(Template.fromStack(stack).findResources('AWS::SSM::Parameter'));
  return readable(parameter.Properties.Value);
}

const resourcesOf = (stack: Stack) => Template.fromStack(stack).findResources(RESOURCE_TYPE);
const outputsOf = (stack: Stack) => Template.fromStack(stack).toJSON().Outputs;

describe('attributes', () => {
  test.each<[string, (task: RunTask) => string, string]>([
    ['taskArn', (task) => task.taskArn, '<Task.TaskArn>'],
    ['exitCode', (task) => task.exitCode, '<Task.ExitCode>'],
    ['startedAt', (task) => task.startedAt, '<Task.StartedAt>'],
    ['stoppedAt', (task) => task.stoppedAt, '<Task.StoppedAt>'],
    ['logStreamName', (task) => task.logStreamName, '<Task.LogStreamName>'],
    ['getOutput', (task) => task.getOutput('BucketName'), '<Task.OutputBucketName>'],
    ['the first of taskArns', (task) => Fn.select(0, task.taskArns), '<<Task.TaskArns>/,#0>'],
  ])('%s is a value for other resources', (_, valueOf, expected) => {
    const given = withLog();

    expect(parameterOf(given.stack, valueOf(runTask(given)))).toBe(expected);
  });

  test('that nobody uses leave no trace', () => {
    const given = withLog();
    runTask(given);

    expect(propertiesOf(given.stack)).not.toHaveProperty('UsedAttributes');
    expect(outputsOf(given.stack)).toBeUndefined();
  });

  test('that are used have an output each, which keeps them, however often they are used', () => {
    const given = withLog();
    const task = runTask(given);
    new CfnOutput(given.stack, 'One', { value: task.taskArn });
    new CfnOutput(given.stack, 'Other', { value: task.taskArn });
    new CfnOutput(given.stack, 'Bucket', { value: task.getOutput('BucketName') });

    const { UsedAttributes } = propertiesOf(given.stack);
    const outputs = outputsOf(given.stack);
    expect(Object.keys(UsedAttributes!)).toEqual(['TaskArn', 'OutputBucketName']);
    expect(readable(outputs[UsedAttributes!.TaskArn].Value)).toBe('<Task.TaskArn>');
    expect(readable(outputs[UsedAttributes!.OutputBucketName].Value)).toBe('<Task.OutputBucketName>');
    expect(Object.keys(outputs)).toHaveLength(5);
  });

  test('can be asked for after the stack was looked at', () => {
    const given = withLog();
    const task = runTask(given);
    given.stack.resolve(given.stack.node.findAll().map(({ node }) => node.path));

    expect(Token.isUnresolved(task.exitCode)).toBe(true);
    expect(propertiesOf(given.stack).UsedAttributes).toHaveProperty('ExitCode');
  });
});

describe('an output', () => {
  const errorOf = (given: Setup, props: Partial<RunTaskProps> = {}) => () => {
    runTask(given, props).getOutput('Id');
    Template.fromStack(given.stack);
  };

  test('lets the function read the log, also where failures show none of it', () => {
    const given = withLog();
    runTask(given, { logTailLines: 0 }).getOutput('Id');

    expect(statementsOf(given.stack)).toContainEqual(expect.objectContaining({ Action: 'logs:GetLogEvents' }));
    expect(propertiesOf(given.stack).Logs).toEqual({ app: { Group: '<LoggingappLogGroup>', StreamPrefix: 'shop' } });
  });

  test('is not needed for the name of the log stream, which the function can tell without reading it', () => {
    const given = withLog();
    expect(runTask(given, { logTailLines: 0 }).logStreamName).toBeDefined();

    expect(statementsOf(given.stack)).not.toContainEqual(expect.objectContaining({ Action: 'logs:GetLogEvents' }));
    expect(propertiesOf(given.stack).Logs).toBeDefined();
  });

  test.each(['', 'bucket-name', 'x'.repeat(65), 'bücket'])('cannot have the name "%s"', (name) => {
    expect(() => runTask(withLog()).getOutput(name)).toThrow(`[Stack/Task] the name of an output must have 1 to 64 letters and digits, got: '${name}'`);
  });

  test('is an error for several tasks', () => {
    expect(errorOf(withLog(), { count: 2 })).toThrow('getOutput is for a single task, got: count 2; remove count');
    expect(errorOf(withLog(), { count: Token.asNumber({ Ref: 'Count' }) })).toThrow('getOutput is for a single task, got: count from the deployment; remove count');
    expect(errorOf(withLog(), { count: 1 })).not.toThrow();
  });

  test('is an error where the log cannot be read', () => {
    expect(errorOf(setup())).toThrow('getOutput needs a container that decides, in a taskDefinition of this app, with the awslogs driver and a streamPrefix, got: app; '
      + "give it logging: ecs.LogDrivers.awsLogs({ streamPrefix: '...' })");
  });

  test('is an error with an imported definition', () => {
    const given = setup();
    const imported = ecs.TaskDefinition.fromTaskDefinitionAttributes(given.stack, 'Imported', {
      taskDefinitionArn: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/imported:7', networkMode: ecs.NetworkMode.AWS_VPC, compatibility: ecs.Compatibility.FARGATE,
    });
    expect(errorOf(given, { taskDefinition: imported })).toThrow('getOutput needs a container that decides');
  });

  test('is read from any container that decides', () => {
    const given = withLog();
    given.taskDefinition.addContainer('quiet', { image: ecs.ContainerImage.fromRegistry('quiet') });
    expect(errorOf(given)).not.toThrow();
    const again = withLog();
    again.taskDefinition.addContainer('quiet', { image: ecs.ContainerImage.fromRegistry('quiet') });
    expect(errorOf(again, { exitCodeFrom: ['quiet'] })).toThrow('got: quiet;');
    const second = withLog();
    second.taskDefinition.addContainer('quiet', { image: ecs.ContainerImage.fromRegistry('quiet') });
    expect(errorOf(second, { exitCodeFrom: ['quiet', 'app'] })).not.toThrow();
  });
});

describe('the name of the log stream', () => {
  const errorOf = (given: Setup, props: Partial<RunTaskProps> = {}) => () => {
    expect(runTask(given, props).logStreamName).toBeDefined();
    Template.fromStack(given.stack);
  };

  test('is an error for a container without one', () => {
    expect(errorOf(setup())).toThrow(/ {2}\[Stack\/Task\] logStreamName needs the awslogs driver and a streamPrefix, which the container 'app' of the taskDefinition lacks; give it .*$/);
    expect(errorOf(setup())).not.toThrow('getOutput');
  });

  test('is that of the first of several tasks', () => {
    expect(errorOf(withLog(), { count: 2 })).not.toThrow();
  });

  test('of an imported definition is known to the deployment only', () => {
    const given = setup();
    expect(errorOf(given, { taskDefinition: ecs.TaskDefinition.fromTaskDefinitionArn(given.stack, 'Imported', 'arn:aws:ecs:eu-west-1:123456789012:task-definition/imported:7') })).not.toThrow();
  });
});

test('other attributes need no log', () => {
  const given = withLog();
  expect(runTask(given, { logTailLines: 0 }).taskArn).toBeDefined();
  expect(propertiesOf(given.stack)).not.toHaveProperty('Logs');
});

describe('a timeout of more than an hour', () => {
  test.each([[1, Duration.hours(1)], [2, Duration.minutes(61)], [2, Duration.minutes(115)], [3, Duration.minutes(116)], [13, Duration.hours(12)]])(
    'has %i resources for %s', (count, timeout) => {
      const given = setup();
      runTask(given, { timeout });

      expect(Object.keys(resourcesOf(given.stack))).toHaveLength(count);
    });

  test('has resources that wait in turn, each for what the one before it has come to', () => {
    const given = setup();
    runTask(given, { timeout: Duration.hours(2.5) });

    const resources = Object.values(resourcesOf(given.stack))
      .map(({ Properties: { HasNextLeg, PreviousLeg } }) => readable({ HasNextLeg, PreviousLeg }));
    const First = Object.keys(resourcesOf(given.stack))[0];
    expect(resources).toEqual([
      { HasNextLeg: true },
      { HasNextLeg: true, PreviousLeg: { First, Baton: '<Task.Baton>' } },
      { PreviousLeg: { First, Baton: '<TaskResource2.Baton>' } },
    ].map((expected) => ({ HasNextLeg: undefined, PreviousLeg: undefined, ...expected })));
  });

  test('has the same request in all of them, and the task of a Delete in the first', () => {
    const given = setup();
    runTask(given, { timeout: Duration.hours(2), retryAttempts: 2, triggers: { a: 'b' }, onDelete: {} });

    const [first, ...others] = Object.values(resourcesOf(given.stack))
      .map(({ Properties: { OnDelete, HasNextLeg, PreviousLeg, ...common } }) => ({ OnDelete, common }));
    expect(first.OnDelete.TimeoutSeconds).toBe(3600);
    expect(others).toEqual(others.map(() => ({ OnDelete: undefined, common: first.common })));
    expect(first.common).toMatchObject({ ServiceTimeout: 3600, TimeoutSeconds: 7200, RetryAttempts: 2, Triggers: { a: 'b' } });
  });

  test('has its results, and what waits for it, in the last', () => {
    const given = setup();
    const parameter = new ssm.StringParameter(given.stack, 'Waits', { stringValue: 'x' });
    const task = runTask(given, { timeout: Duration.minutes(110), executeBefore: [parameter] });
    new CfnOutput(given.stack, 'Arn', { value: task.taskArn });

    const last = Object.keys(resourcesOf(given.stack))[1];
    expect(Object.values(outputsOf(given.stack)).map(({ Value }: any) => Value)).toEqual([{ 'Fn::GetAtt': [last, 'TaskArn'] }, { 'Fn::GetAtt': [last, 'TaskArn'] }]);
    expect(Object.values(Template.fromStack(given.stack).findResources('AWS::SSM::Parameter'))[0].DependsOn).toEqual([last]);
  });

  test('that only the deployment knows has one resource', () => {
    const given = setup();
    runTask(given, { timeout: Duration.seconds(Token.asNumber({ Ref: 'Seconds' })) });

    expect(Object.keys(resourcesOf(given.stack))).toHaveLength(1);
  });
});
