import { CfnOutput } from 'aws-cdk-lib';
import { confirmed, defineCheck, refuted } from './check';
import { Event, findRequests, LogLine, Request, secondsBetween } from '../evidence';
import type { Build } from '../scene';
import { PREFIX } from '../tags';

export const NO_ROLLBACK_UPDATE = defineCheck<{ repairedAt: string; requests: Request[]; events: Event[]; log: LogLine[] }>({
  id: 'no-rollback-update',
  does: 'Fails an update with --no-rollback, and then repairs it.',
  creates: 'a RunTask, and tasks of a few seconds',
  minutes: 8,
  usage: { fargateMinutes: 5 },
  beliefs: [{
    believed: 'With `--no-rollback`, CloudFormation restores the previous properties after a failed Update with another Update. The status of the stack shows no rollback.',
    judge: ({ repairedAt, requests, events }) => {
      const updates = requests.filter(({ type, at }) => type === 'Update' && at >= repairedAt).length;
      const statuses = [...new Set(events.filter(({ at, resource }) => at >= repairedAt && resource.startsWith(PREFIX)).map(({ status }) => status))];
      const seen = `The deployment that repaired it sent ${updates} Updates; the stack was ${statuses.join(', ')}.`;
      return updates > 1 && !statuses.some((status) => status.includes('ROLLBACK')) ? confirmed(seen) : refuted(seen);
    },
    ifRefuted: 'The search for a failed task of this deployment in `update` is not needed, or the status tells a put-back from a deployment.',
    onlyOnAws: 'it puts nothing back.',
  }],
  async observe(scene) {
    await scene.deploy('a first version', (stack) => void stack.run('Run', 'echo 1'));
    await scene.tryDeploy('a version that fails', (stack) => void stack.run('Run', 'exit 3'), '--no-rollback');
    const repairedAt = new Date().toISOString();
    await scene.deploy('a version that works', (stack) => void stack.run('Run', 'echo 3'), '--no-rollback');
    const log = await scene.functionLog();
    return { repairedAt, requests: findRequests(log, 'Run'), events: await scene.events(), log };
  },
});

interface FailedCreate {
  readonly outputs: number;
  readonly repairedAt: string;
  readonly first: Request[];
  readonly second: Request[];
  readonly events: Event[];
}

export const NO_ROLLBACK_CREATE = defineCheck<FailedCreate>({
  id: 'no-rollback-create',
  does: 'Fails a first deployment with --no-rollback in its second RunTask, and then repairs it.',
  creates: 'two RunTasks, and tasks of a few seconds',
  minutes: 8,
  usage: { fargateMinutes: 6 },
  beliefs: [
    {
      believed: 'After a deployment without a rollback, the next operation deletes a resource whose creation failed. AWS does not document at which point of the operation.',
      judge: ({ first, second, repairedAt }) => {
        const deleted = second.find(({ type, at }) => type === 'Delete' && at >= repairedAt);
        const others = [...first, ...second].filter(({ at, type }) => at >= repairedAt && type !== 'Delete');
        return deleted
          ? confirmed(`The Delete came in the next deployment. The other requests came ${others.map(({ type, resource, at }) =>
            `${secondsBetween(deleted.at, at).toFixed(0)} s after it (${type} of ${resource.slice(0, 6)})`).join(', ')}.`)
          : refuted('No Delete was sent.');
      },
      ifRefuted: 'The id of a failed Create need not name its request: no Delete for it comes while the next deployment runs its task.',
      onlyOnAws: 'it sends no Delete after a Create that has failed.',
    },
    {
      believed: 'If the first deployment of a stack fails without a rollback, the stack has no outputs.',
      judge: ({ outputs }) => outputs === 0 ? confirmed('It had no outputs.') : refuted(`It had ${outputs} outputs.`),
      ifRefuted: '`skip` can restore the attributes of a RunTask that succeeded in the failed deployment, and its message is wrong.',
    },
  ],
  async observe(scene) {
    const version = (command: string, trigger: string): Build => (stack) => {
      const first = stack.run('First', 'sleep 20', { triggers: { trigger } });
      new CfnOutput(stack, 'Task', { value: first.taskArn });
      stack.run('Second', command, { executeAfter: [first] });
    };
    await scene.tryDeploy('a first deployment that fails', version('exit 3', '1'), '--no-rollback');
    const outputs = Object.keys((await scene.describe()).outputs).length;
    const repairedAt = new Date().toISOString();
    await scene.deploy('the same, repaired', version('true', '2'), '--no-rollback');
    const log = await scene.functionLog();
    return { outputs, repairedAt, first: findRequests(log, 'First'), second: findRequests(log, 'Second'), events: await scene.events() };
  },
});
