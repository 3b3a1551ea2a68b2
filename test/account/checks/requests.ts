import { DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { CfnCondition, CfnOutput, CfnResource, Fn } from 'aws-cdk-lib';
import { AnsweringFunction, AnsweringProps } from './answering-function';
import { confirmed, defineCheck, notSeen, refuted } from './check';
import { Event, findRequests, LogLine, Request, secondsBetween, secondsUntil } from '../evidence';
import type { Build } from '../scene';

export const FIRST_ANSWER = defineCheck<{ succeeded: boolean; value?: string; log: LogLine[]; events: Event[] }>({
  id: 'first-answer',
  does: 'Deploys a custom resource whose function answers SUCCESS, and then FAILED.',
  creates: 'a Lambda function and its role',
  minutes: 3,
  usage: {},
  beliefs: [{
    believed: 'CloudFormation accepts the first answer to a request and ignores later ones.',
    judge: ({ succeeded, value }) => succeeded && value === 'first'
      ? confirmed('The deployment succeeded with the value of the first answer.')
      : refuted(`The deployment ${succeeded ? 'succeeded' : 'failed'} with the value "${value}".`),
    ifRefuted: 'An invocation that Lambda repeats must not answer after another one has: `sendAnswer` has to find out whether the request is answered.',
    onlyOnAws: 'it waits until the function has ended, and takes its last answer.',
  }],
  async observe(scene) {
    const { succeeded } = await scene.tryDeploy('a resource that is answered twice', (stack) => {
      const resource = new AnsweringFunction(stack).addResource('Resource', { twice: 'Create' });
      new CfnOutput(stack, 'Value', { value: resource.getAttString('Value') });
    });
    const { outputs: { Value: value } } = await scene.describe();
    return { succeeded, value, log: await scene.functionLog(), events: await scene.events() };
  },
});

/** How many seconds CloudFormation waits for an answer in this check, instead of the 300 seconds of the version before. */
const SHORT = 60;

export const SERVICE_TIMEOUT = defineCheck<{ updateSeconds?: number; deleteSeconds?: number; rollbackSeconds?: number; events: Event[] }>({
  id: 'service-timeout',
  does: `Changes the ServiceTimeout of a resource from 300 to ${SHORT}, and leaves an Update, a Delete and the Update of a rollback without an answer.`,
  creates: 'a Lambda function and its role',
  minutes: 12,
  usage: {},
  beliefs: [{
    believed: '`ServiceTimeout` also applies to a Delete and in a rollback. In an Update, the new value applies. If CloudFormation waited longer, the answer would be early. If it gave up earlier, the status of the stack would show it, and the function would stop the task.',
    judge: ({ updateSeconds, deleteSeconds, rollbackSeconds }) => {
      const times = [updateSeconds, deleteSeconds, rollbackSeconds];
      const [update, remove, rollback] = times.map((seconds) => seconds === undefined ? 'did not time out' : `timed out after ${Math.round(seconds)} s`);
      const seen = `The Update ${update}, the Delete ${remove}, and the Update of a rollback ${rollback}.`;
      return times.every((seconds = 0) => seconds > SHORT - 10 && seconds < SHORT + 60) ? confirmed(seen) : refuted(seen);
    },
    ifRefuted: 'The deadline of a Delete or an Update in `lambda/run/schedule.ts` has to be the time that CloudFormation really waits.',
    onlyOnAws: 'it ignores that a Delete timed out.',
  }],
  async observe(scene) {
    const version = (props?: AnsweringProps, failing = false): Build => (stack) => {
      const answering = new AnsweringFunction(stack);
      const resource = props && answering.addResource('Resource', props);
      if (failing) {
        answering.addResource('Failing', { fails: 'Create' }).node.addDependency(resource!);
      }
    };
    const silentUpdate: AnsweringProps = { serviceTimeout: SHORT, silent: 'Update' };
    await scene.deploy('ServiceTimeout 300', version({ serviceTimeout: 300 }));
    await scene.tryDeploy(`ServiceTimeout ${SHORT}, and no answer to the Update`, version(silentUpdate));
    await scene.deploy('no answer to a Delete to come', version({ serviceTimeout: SHORT, silent: 'Delete' }));
    await scene.deploy('without the resource', version());
    await scene.deploy('a resource that does not answer an Update', version(silentUpdate));
    // The rollback restores the properties of the previous version: the short timeout, and no answer. It comes last, because the stack gets stuck.
    await scene.tryDeploy('a version that fails, and no answer to its rollback', version({ serviceTimeout: 300 }, true));
    const events = (await scene.events()).filter(({ resource }) => resource === 'Resource');
    return {
      updateSeconds: secondsUntil(events, 'UPDATE_FAILED', 'UPDATE_IN_PROGRESS'),
      deleteSeconds: secondsUntil(events, 'DELETE_FAILED', 'DELETE_IN_PROGRESS'),
      rollbackSeconds: secondsUntil(events.slice(events.findLastIndex(({ status }) => status === 'CREATE_COMPLETE')), 'UPDATE_FAILED', 'UPDATE_IN_PROGRESS'),
      events,
    };
  },
});

export const DELETE_IN_CLEANUP = defineCheck<{ succeeded: boolean; status: string; requests: Request[]; events: Event[] }>({
  id: 'delete-in-cleanup',
  does: 'Removes a RunTask whose onDelete task fails from a stack that remains.',
  creates: 'a RunTask, and tasks of a few seconds',
  minutes: 8,
  usage: { fargateMinutes: 6 },
  beliefs: [{
    believed: 'If a Delete fails in a cleanup (`UPDATE_COMPLETE_CLEANUP_IN_PROGRESS`), CloudFormation attempts it three times, each time with a new request. Then it skips the resource, and the deployment succeeds.',
    judge: ({ succeeded, status, requests }) => {
      const deletes = requests.filter(({ type }) => type === 'Delete').length;
      const seen = `CloudFormation sent ${deletes} Deletes, the deployment ${succeeded ? 'succeeded' : 'failed'}, and the stack was ${status}.`;
      return deletes === 3 && succeeded && status === 'UPDATE_COMPLETE' ? confirmed(seen) : refuted(seen);
    },
    ifRefuted: 'The README has another number of attempts to warn of, and `remove` another number of requests for one Delete.',
    onlyOnAws: 'it sends a Delete once.',
  }],
  async observe(scene) {
    await scene.deploy('a RunTask with onDelete', (stack) => {
      stack.run('Stays', 'true');
      stack.run('Goes', 'true', { onDelete: { containerOverrides: [{ containerName: 'app', command: ['sh', '-c', 'exit 5'] }] } });
    });
    const { succeeded } = await scene.tryDeploy('without it', (stack) => void stack.run('Stays', 'true'));
    const { status } = await scene.describe();
    return { succeeded, status, requests: findRequests(await scene.functionLog(), 'Goes'), events: await scene.events() };
  },
});

export const CANCELLED_CREATE = defineCheck<{ waited?: number; requests: Request[]; tasks: object[]; events: Event[]; log: LogLine[] }>({
  id: 'cancelled-create',
  does: 'Deletes a stack while a task of its first deployment runs.',
  creates: 'a RunTask, and a task that is stopped',
  minutes: 6,
  usage: { fargateMinutes: 3 },
  beliefs: [{
    believed: 'When a Create is cancelled, CloudFormation sends the Delete immediately, with a physical id that it generates, while the function still waits.',
    judge: ({ waited, events }) => {
      if (waited === undefined) {
        return refuted('No Delete was sent.');
      }
      const id = events.find(({ resource, status }) => resource.startsWith('Run') && status === 'DELETE_IN_PROGRESS')?.physicalId ?? '';
      const seen = `The Delete came ${Math.round(waited)} s after the stack was told to go, with the physical id "${id}".`;
      return waited < 60 ? confirmed(seen) : refuted(seen);
    },
    ifRefuted: 'If the Delete comes late or never, only the invocation that still waits can stop the task: `checkStack` has to look more often.',
    onlyOnAws: 'it cancels nothing: it deletes a stack when the deployment has ended.',
  }],
  async observe(scene) {
    const deployment = scene.tryDeploy('a task of ten minutes', (stack) => void stack.run('Run', 'sleep 600'));
    await scene.untilTaskRuns();
    const { id } = await scene.describe();
    scene.say('deleting the stack');
    const toldAt = new Date().toISOString();
    await scene.account.cloudFormation.send(new DeleteStackCommand({ StackName: id }));
    await deployment;
    await scene.until('the stack is deleted', async () => (await scene.describe(id)).status === 'DELETE_COMPLETE');
    const log = await scene.functionLog();
    const requests = findRequests(log, 'Run');
    const deleted = requests.find(({ type }) => type === 'Delete');
    return {
      waited: deleted && secondsBetween(toldAt, deleted.at),
      requests,
      tasks: (await scene.tasks()).map(({ lastStatus, stoppedReason, stoppedAt }) => ({ lastStatus, stoppedReason, stoppedAt })),
      events: await scene.events(id),
      log,
    };
  },
});

export const METADATA_REFERENCE = defineCheck<{ without: boolean; events: Event[] }>({
  id: 'metadata-reference',
  does: 'Deploys a resource that refers to a slow, conditional one in its Metadata only: once with the condition, once without.',
  creates: 'a Lambda function and its role',
  minutes: 5,
  usage: {},
  beliefs: [{
    believed: 'A reference in the `Metadata` of a resource causes a dependency, like a reference in its properties. Inside `Fn::If` it does so only if the condition is true.',
    judge: ({ without, events }) => {
      const at = (resource: string, status: string) => events.find((event) => event.resource === resource && event.status === status)?.at;
      const [slow, next] = [at('Slow', 'CREATE_COMPLETE'), at('Next', 'CREATE_IN_PROGRESS')];
      if (!slow || !next) {
        return notSeen('One of the two resources was not created.');
      }
      const seen = `The resource began ${secondsBetween(slow, next).toFixed(1)} s after the one in its Metadata was complete. `
        + `The stack without the conditional resource ${without ? 'was deployed' : 'was refused'}.`;
      return next >= slow && without ? confirmed(seen) : refuted(seen);
    },
    ifRefuted: 'A wait for a conditional resource needs a reference in the properties instead of the Metadata.',
    onlyOnAws: 'it deploys resources one after the other, in its own order.',
  }],
  async observe(scene) {
    const version = (enabled: string): Build => (stack) => {
      const condition = new CfnCondition(stack, 'Enabled', { expression: Fn.conditionEquals(enabled, 'true') });
      const answering = new AnsweringFunction(stack);
      answering.addResource('Slow', { seconds: 20 }, condition);
      const next = answering.addResource('Next', {}).node.defaultChild as CfnResource;
      next.addMetadata('After', Fn.conditionIf(condition.logicalId, Fn.ref('Slow'), ''));
    };
    await scene.deploy('with the condition', version('true'));
    const { succeeded } = await scene.tryDeploy('without it', version('false'));
    return { without: succeeded, events: (await scene.events()).filter(({ resource }) => ['Slow', 'Next'].includes(resource)) };
  },
});

export const METADATA_CHANGE = defineCheck<{ succeeded: boolean; status: string; requests: Request[]; events: Event[] }>({
  id: 'metadata-change',
  does: 'Changes the Metadata of a RunTask, and nothing else of it.',
  creates: 'a RunTask, and a task of a few seconds',
  minutes: 5,
  usage: { fargateMinutes: 2 },
  beliefs: [{
    believed: 'If only the `Metadata` of a custom resource changes, CloudFormation sends no Update. Otherwise, replacing a dependency with a condition would run the task again.',
    judge: ({ succeeded, status, requests }) => {
      const updates = requests.filter(({ type }) => type === 'Update').length;
      const seen = `CloudFormation sent ${updates} Updates, and the stack was ${status}.`;
      if (!succeeded || status !== 'UPDATE_COMPLETE' || requests.length === 0) {
        return notSeen(seen);
      }
      return updates === 0 ? confirmed(seen) : refuted(seen);
    },
    ifRefuted: 'A task runs again when a conditional resource that it waits for is replaced: `WAITS_FOR` in `src/order/dependency-graph.ts` needs another place for the reference.',
  }],
  async observe(scene) {
    const version = (number: string): Build => (stack) => {
      stack.run('Run', 'true').node.findAll().filter((child): child is CfnResource => CfnResource.isCfnResource(child) && child.cfnResourceType === 'Custom::EcsRunTask')
        .forEach((resource) => resource.addMetadata('Version', number));
      new CfnOutput(stack, 'Version', { value: number }); // without this, CloudFormation might see no change in the stack
    };
    await scene.deploy('a RunTask', version('1'));
    const { succeeded } = await scene.tryDeploy('the same with other Metadata', version('2'));
    const { status } = await scene.describe();
    return { succeeded, status, requests: findRequests(await scene.functionLog(), 'Run'), events: (await scene.events()).filter(({ resource }) => resource.startsWith('Run')) };
  },
});
