import { CfnOutput, CfnResource, Duration, Fn, NestedStack, Stack, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { RESOURCE_TYPE } from '../../src/contract';
import { OnRollback, RunOn, RunTask, RunTaskProps } from '../../src/index';
import { expectErrors } from '../support/expectations';
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

describe('the attributes of a RunTask', () => {
  test.each<[string, (task: RunTask) => string, string]>([
    ['taskArn', (task) => task.taskArn, '<Task.TaskArn>'],
    ['exitCode', (task) => task.exitCode, '<Task.ExitCode>'],
    ['startedAt', (task) => task.startedAt, '<Task.StartedAt>'],
    ['stoppedAt', (task) => task.stoppedAt, '<Task.StoppedAt>'],
    ['logStreamName', (task) => task.logStreamName, '<Task.LogStreamName>'],
    ['getOutput', (task) => task.getOutput('BucketName'), '<Task.OutputBucketName>'],
    ['the first of taskArns', (task) => Fn.select(0, task.taskArns), '<<Task.TaskArns>/,#0>'],
  ])('%s can be used in other resources', (_, valueOf, expected) => {
    const given = withLog();

    expect(parameterOf(given.stack, valueOf(runTask(given)))).toBe(expected);
  });

  test('add nothing to the template if the stack uses none', () => {
    const given = withLog();
    runTask(given);

    expect(propertiesOf(given.stack)).not.toHaveProperty('UsedAttributes');
    expect(outputsOf(given.stack)).toBeUndefined();
  });

  test('have one output each, which keeps the value, however often the stack uses them', () => {
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

  test('can be used after the template was rendered once', () => {
    const given = withLog();
    const task = runTask(given);
    given.stack.resolve(given.stack.node.findAll().map(({ node }) => node.path));

    expect(Token.isUnresolved(task.exitCode)).toBe(true);
    expect(propertiesOf(given.stack).UsedAttributes).toHaveProperty('ExitCode');
  });
});

describe('attributes of a RunTask in a nested stack', () => {
  const errorOf = (props: Partial<RunTaskProps>, use: (task: RunTask) => unknown = (task) => task.taskArn) => () => {
    const { stack, cluster } = setup();
    const nested = new NestedStack(stack, 'Nested');
    const taskDefinition = new ecs.FargateTaskDefinition(nested, 'Definition');
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'shop' }) });
    use(new RunTask(nested, 'Task', { cluster, taskDefinition, ...props }));
    Template.fromStack(stack);
  };

  test('are rejected, because they would be wrong after a rollback of the parent stack', () => {
    expectErrors(errorOf({}), '[Stack/Nested/Task] attributes and outputs cannot be used in a nested stack, because they would be wrong after a rollback of the parent stack, '
      + 'got: TaskArn; move the RunTask to the parent stack, or set onRollback to RUN or runOn to CREATE');
    expectErrors(errorOf({}, (task) => [task.exitCode, task.getOutput('Name')]), /got: ExitCode, OutputName;/);
  });

  test('are accepted if a rollback runs the task, if no update runs it, or if the stack uses none', () => {
    expectErrors(errorOf({ onRollback: OnRollback.RUN }));
    expectErrors(errorOf({ runOn: RunOn.CREATE }));
    expectErrors(errorOf({}, () => undefined));
  });
});

describe('an output of the task (getOutput)', () => {
  const errorOf = (given: Setup, props: Partial<RunTaskProps> = {}) => () => {
    runTask(given, props).getOutput('Id');
    Template.fromStack(given.stack);
  };

  test('allows the function to read the log, even with logTailLines 0', () => {
    const given = withLog();
    runTask(given, { logTailLines: 0 }).getOutput('Id');

    expect(statementsOf(given.stack)).toContainEqual(expect.objectContaining({ Action: 'logs:GetLogEvents' }));
    expect(propertiesOf(given.stack).Logs).toEqual({ app: { Group: '<LoggingappLogGroup>', StreamPrefix: 'shop' } });
  });

  test('is not needed for logStreamName, which the function knows without reading the log', () => {
    const given = withLog();
    expect(runTask(given, { logTailLines: 0 }).logStreamName).toBeDefined();

    expect(statementsOf(given.stack)).not.toContainEqual(expect.objectContaining({ Action: 'logs:GetLogEvents' }));
    expect(propertiesOf(given.stack).Logs).toBeDefined();
  });

  test.each(['', 'bucket-name', 'x'.repeat(65), 'bücket'])('is rejected with the name "%s"', (name) => {
    expect(() => runTask(withLog()).getOutput(name)).toThrow(`[Stack/Task] the name of an output must have 1 to 64 letters and digits, got: '${name}'`);
  });

  test('has no name that is a variable of process.env without a value', () => {
    expect(() => runTask(withLog()).getOutput(process.env.NOT_SET!)).toThrow('[Stack/Task] the name of an output must have 1 to 64 letters and digits, got: nothing');
  });

  test('is rejected together with count', () => {
    expectErrors(errorOf(withLog(), { count: 2 }), '[Stack/Task] getOutput can only be used for a single task, got: count 2; remove count');
    expectErrors(errorOf(withLog(), { count: Token.asNumber({ Ref: 'Count' }) }), /got: count from the deployment/);
    expectErrors(errorOf(withLog(), { count: 1 }));
  });

  test('is rejected if no deciding container has a log that the function can read', () => {
    expectErrors(errorOf(setup()), '[Stack/Task] getOutput requires a deciding container with the awslogs driver and a streamPrefix, in a taskDefinition of this app, '
      + "got: app; set its logging to ecs.LogDrivers.awsLogs({ streamPrefix: '...' })");
  });

  test('is rejected for an imported task definition', () => {
    const given = setup();
    const imported = ecs.TaskDefinition.fromTaskDefinitionAttributes(given.stack, 'Imported', {
      taskDefinitionArn: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/imported:7', networkMode: ecs.NetworkMode.AWS_VPC, compatibility: ecs.Compatibility.FARGATE,
    });
    expectErrors(errorOf(given, { taskDefinition: imported }), /getOutput requires a deciding container/);
  });

  test('can come from any container that decides', () => {
    const given = withLog();
    given.taskDefinition.addContainer('quiet', { image: ecs.ContainerImage.fromRegistry('quiet') });
    expectErrors(errorOf(given));
    const again = withLog();
    again.taskDefinition.addContainer('quiet', { image: ecs.ContainerImage.fromRegistry('quiet') });
    expectErrors(errorOf(again, { exitCodeFrom: ['quiet'] }), /got: quiet;/);
    const second = withLog();
    second.taskDefinition.addContainer('quiet', { image: ecs.ContainerImage.fromRegistry('quiet') });
    expect(errorOf(second, { exitCodeFrom: ['quiet', 'app'] })).not.toThrow();
  });
});

test.each<[string, string[]]>([
  ['a list', Token.asList({ Ref: 'Names' })],
  ['one name', [Token.asString({ Ref: 'Name' })]],
])('outputs and logStreamName are accepted if only the deployment knows exitCodeFrom, %s, and the definition has a log', (_, exitCodeFrom) => {
  const use = (given: Setup) => () => {
    const task = runTask(given, { exitCodeFrom });
    expect([task.logStreamName, task.getOutput('Id')]).toHaveLength(2);
    Template.fromStack(given.stack);
  };

  expect(use(withLog())).not.toThrow();
  expectErrors(use(setup()), /getOutput requires a deciding container/, /logStreamName requires the awslogs driver/);
});

test('outputs are accepted if a condition decides which containers are essential', () => {
  const given = withLog();
  (given.taskDefinition.node.defaultChild as CfnResource).addPropertyOverride('ContainerDefinitions.0.Essential', { 'Fn::If': ['Wanted', true, false] });
  expect(runTask(given).getOutput('Id')).toBeDefined();

  expect(() => Template.fromStack(given.stack)).not.toThrow();
});

describe('logStreamName', () => {
  const errorOf = (given: Setup, props: Partial<RunTaskProps> = {}) => () => {
    expect(runTask(given, props).logStreamName).toBeDefined();
    Template.fromStack(given.stack);
  };

  test('is rejected for a container without a log stream', () => {
    expectErrors(errorOf(setup()), "[Stack/Task] logStreamName requires the awslogs driver and a streamPrefix, which the container 'app' of the taskDefinition does not have; "
      + "set its logging to ecs.LogDrivers.awsLogs({ streamPrefix: '...' })");
  });

  test('is accepted together with count', () => {
    expect(errorOf(withLog(), { count: 2 })).not.toThrow();
  });

  test('is accepted for an imported task definition, whose log only the deployment knows', () => {
    const given = setup();
    expect(errorOf(given, { taskDefinition: ecs.TaskDefinition.fromTaskDefinitionArn(given.stack, 'Imported', 'arn:aws:ecs:eu-west-1:123456789012:task-definition/imported:7') })).not.toThrow();
  });
});

test('attributes other than outputs and logStreamName need no log', () => {
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

  test('has several resources that wait in turn, each with the baton of the previous one', () => {
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

  test('has the same request in all resources, and onDelete in the first', () => {
    const given = setup();
    runTask(given, { timeout: Duration.hours(2), retryAttempts: 2, triggers: { a: 'b' }, onDelete: {} });

    const [first, ...others] = Object.values(resourcesOf(given.stack))
      .map(({ Properties: { OnDelete, HasNextLeg, PreviousLeg, ...common } }) => ({ OnDelete, common }));
    expect(first.OnDelete.TimeoutSeconds).toBe(3600);
    expect(others).toEqual(others.map(() => ({ OnDelete: undefined, common: first.common })));
    expect(first.common).toMatchObject({ ServiceTimeout: 3600, TimeoutSeconds: 7200, RetryAttempts: 2, Triggers: { a: 'b' } });
  });

  test('has its attributes in the last resource, which is also what executeBefore waits for', () => {
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
