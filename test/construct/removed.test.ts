import { Aspects, CfnResource, IAspect, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct, IConstruct } from 'constructs';
import { RunTask, RunTaskConfig } from '../../src/index';
import { expectToWaitFor, resourceOf } from '../support/expectations';
import { network } from '../support/stacks';

/** What the template refers to, and does not have. CloudFormation rejects such a template. */
function danglingIn(stack: Stack): string[] {
  const { Resources, Parameters = {}, Outputs = {} } = Template.fromStack(stack).toJSON();
  const dependencies = Object.values<any>(Resources).flatMap(({ DependsOn = [] }) => DependsOn);
  const references = [...JSON.stringify({ Resources, Outputs }).matchAll(/"Ref":"(\w+)"|"Fn::GetAtt":\["(\w+)"/g)].map(([, ref, getAtt]) => ref ?? getAtt);
  return [...dependencies, ...references].filter((name) => !(name in Resources) && !(name in Parameters));
}

/** The paths of the function and everything that belongs to it. */
function pathsOfHandler(stack: Stack): string[] {
  return stack.node.findAll().filter((construct) => CfnResource.isCfnResource(construct)).map(({ node }) => node.path).filter((path) => path.includes('EcsRunTaskHandler'));
}

/** Removes a construct when the aspects have begun. */
class Remove implements IAspect {
  constructor(private readonly removed: IConstruct) {}

  public visit(node: IConstruct): void {
    if (node === Stack.of(this.removed)) {
      this.removed.node.scope!.node.tryRemoveChild(this.removed.node.id);
    }
  }
}

const remove = ({ node }: IConstruct) => node.scope!.node.tryRemoveChild(node.id);

describe('a construct that the app removes again', () => {
  test('is left out of executeAfter', () => {
    const { stack, task, database } = network();
    const [removed, kept] = [database(), new sqs.Queue(stack, 'Queue')];
    const run = task({ executeAfter: [removed, kept] });
    removed.connections.allowDefaultPortFrom(run);
    remove(removed);

    expect(danglingIn(stack)).toEqual([]);
    expectToWaitFor(resourceOf(run), 'Stack/Queue/Resource');
  });

  test('is left out of a scope in executeAfter', () => {
    const { stack, task } = network();
    const scope = new Construct(stack, 'Scope');
    const queues = ['Removed', 'Kept'].map((id) => new sqs.Queue(scope, id));
    const run = task({ executeAfter: [scope] });
    remove(queues[0]);

    expect(danglingIn(stack)).toEqual([]);
    expectToWaitFor(resourceOf(run), 'Stack/Scope/Kept/Resource');
  });

  test('is left out of executeBefore, also if the task needs it', () => {
    const { stack, task } = network();
    const removed = new sqs.Queue(stack, 'Queue');
    task({ executeBefore: [removed], executeAfter: [removed] });
    remove(removed);

    expect(danglingIn(stack)).toEqual([]);
  });
});

describe('a RunTask that the app removes again', () => {
  test.each<[string, (run: RunTask, stack: Stack) => void]>([
    ['before synthesis', remove],
    ['with its scope', ({ node }) => remove(node.scope!)],
    ['in an aspect', (run, stack) => Aspects.of(stack).add(new Remove(run))],
  ])('leaves nothing behind: %s', (_, removeTask) => {
    const { stack, task } = network();
    const queue = new sqs.Queue(stack, 'Queue');
    const run = task({ executeBefore: [queue], onDelete: {}, tags: { team: 'shop' } }, 'Task', new Construct(stack, 'Scope'));
    run.metricFailures();
    removeTask(run, stack);

    expect(danglingIn(stack)).toEqual([]);
    expect(pathsOfHandler(stack)).toEqual([]);
    Template.fromStack(stack).resourceCountIs('AWS::SQS::Queue', 1);
  });

  test('leaves nothing behind of its definition, for which the function no longer has a permission', () => {
    const { stack, task } = network();
    const definition = new ecs.FargateTaskDefinition(stack, 'Removed');
    definition.addContainer('removed', { image: ecs.ContainerImage.fromRegistry('removed'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'removed' }) });
    const run = task({ taskDefinition: definition }, 'Gone');
    task();
    remove(run);
    remove(definition);

    expect(danglingIn(stack)).toEqual([]);
    expect(JSON.stringify(Template.fromStack(stack).toJSON())).not.toContain('Removed');
  });

  test('leaves the function to the other tasks, with the metrics of these', () => {
    const { stack, task } = network();
    const removed = task({ executeBefore: [new sqs.Queue(stack, 'Queue')] }, 'Removed');
    const kept = task({ executeAfter: [removed] }, 'Kept');
    [removed, kept].forEach((run) => run.metricFailures());
    remove(removed);

    expect(danglingIn(stack)).toEqual([]);
    const [{ Properties }] = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'));
    expect(Object.values(JSON.parse(Properties.Environment.Variables.ECS_RUN_TASK_METRICS))).toEqual(['Stack/Kept']);
  });

  test('can be added again', () => {
    const { stack, task } = network();
    const queue = new sqs.Queue(stack, 'Queue');
    remove(task({ executeBefore: [queue] }));
    const run = task({ executeBefore: [queue] });

    expect(danglingIn(stack)).toEqual([]);
    expectToWaitFor(queue, resourceOf(run).node.path);
  });

  test('leaves no policy in a role of the app', () => {
    const { stack, task } = network();
    const role = new iam.Role(stack, 'Given', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    RunTaskConfig.of(stack).configureFunction({ role });
    remove(task({ onDelete: {} }));

    expect(danglingIn(stack)).toEqual([]);
    expect(pathsOfHandler(stack)).toEqual([]);
  });

  test('does not count its policy for onDelete: a role can have only a few policies', () => {
    const { stack, task } = network();
    const tasks = Array.from({ length: 12 }, (_, index) => task({ onDelete: {} }, `Task${index}`));
    tasks.slice(0, 6).forEach(remove);

    expect(danglingIn(stack)).toEqual([]);
  });

  test('and is wrong does not fail the synthesis', () => {
    const { stack, task } = network();
    remove(task({ triggers: { secret: '{{resolve:secretsmanager:shop}}' }, exitCodeFrom: ['other'] }));

    expect(danglingIn(stack)).toEqual([]);
  });
});
