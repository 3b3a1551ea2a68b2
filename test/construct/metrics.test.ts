import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { RunTask } from '../../src/index';
import { expectErrors } from '../support/expectations';
import { setup } from '../support/stacks';

const { stringify } = JSON;

function environmentOf(stack: Stack): object | undefined {
  const [{ Properties }] = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'));
  return Properties.Environment?.Variables;
}

test('an alarm on the failures of a task makes the function send the metrics of this task alone', () => {
  const { stack, cluster, taskDefinition } = setup();
  const task = new RunTask(stack, 'Migration', { cluster, taskDefinition });
  new RunTask(stack, 'Seed', { cluster, taskDefinition });
  task.metricFailures({ period: Duration.hours(1) }).createAlarm(stack, 'Alarm', { threshold: 1, evaluationPeriods: 1 });
  Template.fromStack(stack).hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'EcsRunTask',
    MetricName: 'Failures',
    Statistic: 'Sum',
    Period: 3600,
    Dimensions: [{ Name: 'Task', Value: task.node.path }],
  });
  const logicalId = stack.resolve((task.node.defaultChild as any).logicalId);
  expect(environmentOf(stack)).toEqual({ ECS_RUN_TASK_METRICS: stringify({ [logicalId]: task.node.path }) });
});

test('the metrics of a task with several resources are those of all of them', () => {
  const { stack, cluster, taskDefinition } = setup();
  const task = new RunTask(stack, 'Migration', { cluster, taskDefinition, timeout: Duration.hours(2) });
  expect(task.metricDuration().statistic).toBe(cloudwatch.Stats.AVERAGE);
  expect(task.metricReruns().statistic).toBe(cloudwatch.Stats.SUM);
  const ids = Object.keys(Template.fromStack(stack).findResources('Custom::EcsRunTask'));
  expect(ids.length).toBeGreaterThan(1);
  expect(environmentOf(stack)).toEqual({ ECS_RUN_TASK_METRICS: stringify(Object.fromEntries(ids.map((id) => [id, task.node.path]))) });
});

test('a metric that the function does not send is rejected', () => {
  const { stack, cluster, taskDefinition } = setup();
  const task = new RunTask(stack, 'Task', { cluster, taskDefinition });

  expectErrors(() => task.metric('Failure'), "[Stack/Task] metricName must be one of Failures, Reruns, Duration, got: 'Failure'");
});

test.each([
  ['with other characters', 'Tâche 🚀', /^Stack\/T_che _-[0-9a-f]{12}$/],
  ['that is longer than a dimension', 'x'.repeat(255), /^Stack\/x{236}-[0-9a-f]{12}$/],
])('a path %s gets a name that CloudWatch, EC2 and CloudFormation accept', (_, id, name) => {
  const { stack, cluster, taskDefinition } = setup();
  const task = new RunTask(stack, id, { cluster, taskDefinition });
  const { Task: dimension } = task.metricFailures().dimensions!;
  new CfnOutput(stack, 'Arn', { value: task.taskArn });

  expect(dimension).toMatch(name);
  expect(environmentOf(stack)).toEqual({ ECS_RUN_TASK_METRICS: expect.stringContaining(`"${dimension}"`) });
  const template = Template.fromStack(stack);
  template.hasOutput('*', { Description: `Of the last task of ${dimension}` });
  const [{ Properties }] = Object.values(template.findResources('AWS::EC2::SecurityGroup'));
  expect(Properties.GroupDescription).toMatch(/^Stack\/[\w /-]{1,249}$/);
});

test('a metric changes no property of the task, which would run it', () => {
  const render = (use: (task: RunTask) => void) => {
    const { stack, cluster, taskDefinition } = setup();
    use(new RunTask(stack, 'Migration', { cluster, taskDefinition }));
    return Template.fromStack(stack).findResources('Custom::EcsRunTask');
  };
  expect(render((task) => task.metricFailures())).toEqual(render(() => undefined));
});

test('without a metric the function has no environment', () => {
  const { stack, cluster, taskDefinition } = setup();
  new RunTask(stack, 'Migration', { cluster, taskDefinition });
  expect(environmentOf(stack)).toBeUndefined();
});
