import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DeleteRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CfnOutput } from 'aws-cdk-lib';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { confirmed, defineCheck, notSeen, refuted } from './check';
import { DENIAL } from '../clean-up';
import { Event, findRequests, findStates, LogLine, Request, secondsBetween } from '../evidence';

export const SELF_INVOCATION = defineCheck<{ succeeded: boolean; tasks: number; handOvers: number; log: LogLine[] }>({
  id: 'self-invocation',
  does: 'Runs a task of 40 seconds with a function whose timeout is 30 seconds, so that the function invokes itself.',
  creates: 'a RunTask, and a task of a minute',
  minutes: 5,
  usage: { fargateMinutes: 2 },
  beliefs: [{
    believed: 'A function can invoke itself by its unqualified ARN. The policy for that can be created after the function.',
    judge: ({ succeeded, tasks, handOvers }) => {
      const seen = `${handOvers} invocations handed over to the next one, ${tasks} tasks ran, and the deployment ${succeeded ? 'succeeded' : 'failed'}.`;
      return succeeded && tasks === 1 && handOvers > 0 ? confirmed(seen) : refuted(seen);
    },
    ifRefuted: 'A task that takes longer than an invocation fails: `handOver` or the policy for it has to change.',
  }],
  async observe(scene) {
    const { succeeded } = await scene.tryDeploy('a task that takes longer than the function', (stack) => {
      stack.run('Run', 'sleep 40');
      stack.node.findAll().filter((child): child is CfnFunction => child instanceof CfnFunction).forEach((handler) => { handler.timeout = 30; });
    });
    const log = await scene.functionLog();
    return {
      succeeded,
      tasks: (await scene.tasks()).length,
      handOvers: findStates(log, 'HANDED_OVER').length,
      log,
    };
  },
});

export const REFUSED_DESCRIBE_TASKS = defineCheck<{ succeeded: boolean; log: LogLine[] }>({
  id: 'refused-describe-tasks',
  does: 'Denies ecs:DescribeTasks to the function for 90 seconds, while its task runs.',
  creates: 'a RunTask, a task of four minutes, and for 90 seconds an inline policy of the role of its function',
  minutes: 8,
  usage: { fargateMinutes: 5 },
  beliefs: [{
    believed: '`DescribeTasks` can fail for reasons that have nothing to do with the task: throttling, 5xx, a lost connection, expired credentials, a policy that is being updated.',
    judge: ({ succeeded, log }) => {
      const refused = findStates(log, 'UNKNOWN').length;
      const seen = `${refused} looks at the task were refused, and the deployment ${succeeded ? 'succeeded' : 'failed'}.`;
      return refused === 0 ? notSeen(seen) : succeeded ? confirmed(seen) : refuted(seen);
    },
    ifRefuted: 'The function stops a healthy task because it cannot look at it: see `refresh` in `lambda/run/run.ts`.',
    onlyOnAws: 'it does not check permissions.',
  }],
  async observe(scene) {
    const deployment = scene.tryDeploy('a task of four minutes', (stack) => void stack.run('Run', 'sleep 240'));
    await scene.untilTaskRuns();
    const { StackResources = [] } = await scene.account.cloudFormation.send(new DescribeStackResourcesCommand({ StackName: scene.stackName }));
    const RoleName = StackResources.find(({ ResourceType, LogicalResourceId }) => ResourceType === 'AWS::IAM::Role' && /^EcsRunTaskHandler/.test(LogicalResourceId!))!.PhysicalResourceId!;
    scene.say('taking the permission away');
    await scene.account.iam.send(new PutRolePolicyCommand({
      RoleName,
      PolicyName: DENIAL,
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: 'ecs:DescribeTasks', Resource: '*' }] }),
    }));
    try {
      await sleep(90_000);
    } finally {
      scene.say('giving it back');
      await scene.account.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: DENIAL }));
    }
    const { succeeded } = await deployment;
    return { succeeded, log: await scene.functionLog() };
  },
});

export const LOG_CLASS = defineCheck<{ succeeded: boolean; readAs: string; log: LogLine[] }>({
  id: 'log-class',
  does: 'Runs a task whose log group is of the class Infrequent Access, and reads its log.',
  creates: 'a log group, a RunTask, and a task of a few seconds',
  minutes: 5,
  usage: { fargateMinutes: 2 },
  beliefs: [{
    believed: '`GetLogEvents` cannot read a log group of the class Infrequent Access.',
    judge: ({ succeeded, readAs }) => {
      const seen = `GetLogEvents: ${readAs}. The deployment ${succeeded ? 'succeeded' : 'failed'}.`;
      return readAs.startsWith('InvalidParameterException') || readAs.startsWith('InvalidOperation') ? confirmed(seen) : refuted(seen);
    },
    ifRefuted: '`getOutput` works with such a log group, so synthesis need not warn of it.',
    onlyOnAws: 'it reads log groups of every class.',
  }],
  async observe(scene) {
    const { succeeded } = await scene.tryDeploy('a task with such a log group', (stack) => {
      const logGroup = new logs.LogGroup(stack, 'Infrequent', { logGroupName: `/${scene.stackName}`, logGroupClass: logs.LogGroupClass.INFREQUENT_ACCESS });
      const run = stack.run('Run', '', { taskDefinition: stack.define('Definition', 'echo hello; exit 3', stack, logGroup) });
      new CfnOutput(stack, 'Task', { value: run.taskArn });
    }, '--no-rollback'); // otherwise the log group is deleted before it can be read
    const [task] = await scene.tasks();
    const readAs = await scene.account.logs.send(new GetLogEventsCommand({
      logGroupName: `/${scene.stackName}`,
      logStreamName: `verify/app/${task.taskArn!.split('/').at(-1)}`,
    })).then(({ events = [] }) => `returned ${events.length} lines`, ({ name, message }) => `${name}: ${message}`);
    return { succeeded, readAs, log: await scene.functionLog() };
  },
});

/** Two more than a new account has concurrent executions. */
const CROWD = 12;

export const TWELVE_TASKS = defineCheck<{ succeeded: boolean; delays: number[]; requests: Request[]; events: Event[]; log: LogLine[] }>({
  id: 'twelve-tasks',
  does: `Deploys ${CROWD} RunTasks that start at the same time.`,
  creates: `${CROWD} RunTasks, and as many tasks of a minute`,
  minutes: 6,
  usage: { fargateMinutes: 2 * CROWD },
  beliefs: [
    {
      believed: 'Each running task takes one concurrent execution until it ends. A new account has few of them, for example ten.',
      judge: ({ succeeded, delays }) => {
        if (delays.length === 0) {
          return notSeen('The log has no Create of any of them.');
        }
        const late = delays.filter((seconds) => seconds > 10).length;
        const seen = `The slowest of ${delays.length} invocations came ${Math.max(...delays).toFixed(0)} s after CloudFormation began with its resource, `
          + `and the deployment ${succeeded ? 'succeeded' : 'failed'}.`;
        return late > 0 ? confirmed(seen) : notSeen(`${seen} The account has enough concurrent executions.`);
      },
      ifRefuted: 'The README need not warn of it.',
      onlyOnAws: 'it deploys resources one after the other.',
    },
    {
      believed: 'When the Fargate quota is used up, `failures` contains "You\'ve reached the limit on the number of vCPUs you can run concurrently".',
      judge: ({ log }) => {
        const found = log.find(({ text }) => /reached the limit/.test(text));
        return found ? confirmed(found.text) : notSeen('The quota of the account was not reached.');
      },
      ifRefuted: 'The text of the quota is another one: see `START_FAILURES`.',
      onlyOnAws: 'it has no quota.',
    },
  ],
  async observe(scene) {
    const { succeeded } = await scene.tryDeploy(`${CROWD} tasks`, (stack) => {
      const taskDefinition = stack.define('Definition', 'sleep 30');
      Array.from({ length: CROWD }, (_, index) => stack.run(`Run${index}x`, '', { taskDefinition }));
    });
    const log = await scene.functionLog();
    const requests = findRequests(log, 'Run');
    const events = (await scene.events()).filter(({ resource, status }) => resource.startsWith('Run') && status === 'CREATE_IN_PROGRESS');
    const begun = (resource: string) => events.find((event) => event.resource === resource)?.at;
    const delays = requests.filter(({ type, resource }) => type === 'Create' && begun(resource)).map(({ resource, at }) => secondsBetween(begun(resource)!, at));
    return { succeeded, delays, requests, events, log: log.filter(({ text }) => /reached the limit/.test(text)) };
  },
});
