import { setTimeout as sleep } from 'node:timers/promises';
import { CancelUpdateStackCommand, UpdateTerminationProtectionCommand } from '@aws-sdk/client-cloudformation';
import { CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CfnOutput, NestedStack, RemovalPolicy } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import { confirmed, defineCheck, notSeen, refuted } from './check';
import { STALE_FOR_MS } from '../../../src/timing';
import { findRequests, LogLine, Request } from '../evidence';
import type { Build } from '../scene';
import { TAG } from '../tags';
import { countByAge, findLostTimes, findStaleReads, findUnexpectedMoves, Period, StaleRead, summarizeReads } from '../watch';

interface Operations {
  readonly periods: Period[];
  readonly reads: number;
  readonly stale: StaleRead[];
  readonly cancelledAt: string;
  readonly log: LogLine[];
  readonly requests: Request[];
  readonly stopped: Array<{ startedAt?: string; stoppedAt?: string; stoppedReason?: string }>;
}

/** Each reads once a second. */
const POLLERS = 10;

export const OPERATIONS = defineCheck<Operations>({
  id: 'operations',
  does: `Reads the status of a stack with ${POLLERS} pollers, through its creation, an update, two failed updates, a cancelled update and a change of its settings.`,
  creates: 'two RunTasks, and seven tasks of seconds to minutes',
  minutes: 25,
  usage: { fargateMinutes: 14 },
  beliefs: [
    {
      believed: '`DescribeStacks` is eventually consistent. Seconds after an operation began, it can still report the previous status, and a later response can be older than an earlier one.',
      judge: ({ stale, reads }) => {
        if (stale.length === 0) {
          return notSeen(`None of ${reads} reads was stale.`);
        }
        const seen = `${stale.length} of ${reads} reads were stale: ${countByAge(stale)}.`;
        return stale.some(({ ageMs }) => ageMs > STALE_FOR_MS) ? refuted(seen) : confirmed(seen);
      },
      ifRefuted: 'A response can be older than `STALE_FOR_MS` in `src/timing.ts`, which has to be longer: a rollback could run its task.',
      onlyOnAws: 'its reads are consistent.',
    },
    {
      believed: '`LastUpdatedTime` changes when an operation begins. AWS does not document whether it also changes within an operation. It is missing until the first update. In the first minute after a request was sent, a newer time alone proves nothing. If Lambda delivers the event late or again, the request starts no task, because a deployment that failed at once and the next one within that minute would look the same.',
      judge: ({ periods }) => {
        const moves = findUnexpectedMoves(periods);
        return moves.length > 0 ? refuted(moves.join(' ')) : confirmed('It moved only when an operation began, and was missing before the first update.');
      },
      ifRefuted: '`isNewerThan` and `isFromEarlierDeployment` compare with the wrong time: a task could be stopped as out of date, or count for a deployment that did not start it.',
      onlyOnAws: 'it sets LastUpdatedTime when it creates a stack.',
    },
    {
      believed: 'A response of `DescribeStacks` can lack `LastUpdatedTime` although an earlier response had it. The response can then belong to the next operation.',
      judge: ({ periods, reads }) => {
        const lost = findLostTimes(periods);
        return lost.length > 0 ? confirmed(`It was missing again at ${lost.join(', ')}.`) : notSeen(`None of ${reads} reads lost it.`);
      },
      ifRefuted: 'The doubt that `endDoubt` ends is not needed.',
      onlyOnAws: 'it never leaves LastUpdatedTime out.',
    },
    {
      believed: 'When a deployment is cancelled or fails, the status of the stack changes while the function still waits. CloudFormation stops neither the function nor its task.',
      judge: ({ periods, cancelledAt, stopped }) => {
        const status = periods.find(({ from, status: now }) => from >= cancelledAt && now !== 'UPDATE_IN_PROGRESS')?.status;
        const reason = stopped.at(-1)?.stoppedReason ?? 'none';
        const seen = `After the cancellation the stack was ${status}; the task was stopped with the reason "${reason}".`;
        return status === 'UPDATE_ROLLBACK_IN_PROGRESS' && /cdk-ecs-run-task/.test(reason) ? confirmed(seen) : refuted(seen);
      },
      ifRefuted: '`checkStack` and `wasCancelled` do not recognize a cancelled deployment.',
      onlyOnAws: 'it cancels no update.',
    },
    {
      believed: '`DescribeStacks` with a stack id is authorized on the ARN of the stack. It may not find a stack that was created seconds ago.',
      judge: ({ log, periods, requests }) => {
        const denied = log.filter(({ text }) => /DescribeStacks.*(AccessDenied|not authorized)/.test(text));
        const known = periods.findIndex(({ status }) => status !== 'unknown');
        const unknownAgain = periods.slice(known).some(({ status }) => status === 'unknown');
        const seen = `${requests.length} requests read the status, ${denied.length} times without permission. `
          + `A stack that existed was ${unknownAgain ? '' : 'never '}unknown.`;
        return denied.length > 0 ? refuted(seen) : confirmed(seen);
      },
      ifRefuted: 'The function needs another permission to read its stack, or patience with the one that it has.',
      onlyOnAws: 'it does not check permissions.',
    },
  ],
  async observe(scene) {
    const watch = scene.watch(POLLERS);
    await scene.deploy('a first version', (stack) => void stack.run('Run', 'echo 1'));
    await scene.deploy('a second version', (stack) => void stack.run('Run', 'echo 2'));
    await scene.tryDeploy('a version that fails', (stack) => void stack.run('Run', 'exit 3'));
    await scene.tryDeploy('a version in which something else fails', (stack) => {
      stack.run('Sibling', 'exit 3').node.addDependency(stack.run('Run', 'echo 3'));
    });
    const before = (await scene.tasks()).length;
    const deployment = scene.tryDeploy('a version that is cancelled', (stack) => void stack.run('Run', 'sleep 600'));
    await scene.until('its task is RUNNING', async () => (await scene.tasks()).slice(before).some(({ lastStatus }) => lastStatus === 'RUNNING'));
    const cancelledAt = new Date().toISOString();
    await scene.account.cloudFormation.send(new CancelUpdateStackCommand({ StackName: scene.stackName }));
    await deployment;
    scene.say('changing the termination protection');
    for (const EnableTerminationProtection of [true, false]) {
      await scene.account.cloudFormation.send(new UpdateTerminationProtectionCommand({ StackName: scene.stackName, EnableTerminationProtection }));
      await sleep(10_000);
    }
    const reads = await watch.stop();
    const log = await scene.functionLog();
    return {
      periods: summarizeReads(reads),
      reads: reads.length,
      stale: findStaleReads(reads),
      cancelledAt,
      log,
      requests: findRequests(log, 'Run'),
      stopped: (await scene.tasks()).map(({ startedAt, stoppedAt, stoppedReason }) =>
        ({ startedAt: startedAt?.toISOString(), stoppedAt: stoppedAt?.toISOString(), stoppedReason })),
    };
  },
});

export const IMPORT = defineCheck<{ periods: Period[]; requests: Request[] }>({
  id: 'import',
  does: 'Imports a log group that exists into the first deployment of a stack with a RunTask.',
  creates: 'a log group, a RunTask, and a task of a few seconds',
  minutes: 5,
  usage: { fargateMinutes: 3 },
  beliefs: [{
    believed: 'While a deployment imports existing resources, the status remains `CREATE_IN_PROGRESS` or `UPDATE_IN_PROGRESS`.',
    judge: ({ periods, requests: [create] }) => {
      const status = create && periods.findLast(({ from }) => from <= create.at)?.status;
      const seen = `The stack was ${[...new Set(periods.map((period) => period.status))].join(', ')}, and ${status ?? 'unknown'} when the task was requested.`;
      return /^(CREATE|UPDATE)_IN_PROGRESS$/.test(status ?? '') ? confirmed(seen) : refuted(seen);
    },
    ifRefuted: 'The status that was seen has to be one in which `isWaitedFor` expects a deployment.',
  }],
  async observe(scene) {
    const logGroupName = `/${scene.stackName}`;
    await scene.account.logs.send(new CreateLogGroupCommand({ logGroupName, tags: { [TAG]: scene.runId } }));
    const watch = scene.watch();
    await scene.deploy('a stack that imports a log group', (stack) => {
      const logGroup = new logs.LogGroup(stack, 'Imported', { logGroupName, removalPolicy: RemovalPolicy.RETAIN });
      stack.run('Run', 'sleep 10').node.addDependency(logGroup);
    }, '--import-existing-resources');
    return { periods: summarizeReads(await watch.stop()), requests: findRequests(await scene.functionLog(), 'Run') };
  },
});

interface Nested {
  readonly periods: Period[];
  readonly before: string;
  readonly during: string[];
  readonly after: string;
  readonly requests: Request[];
  readonly failedAt: string;
}

export const NESTED_ROLLBACK = defineCheck<Nested>({
  id: 'nested-rollback',
  does: 'Updates a nested stack with a RunTask, and then makes its parent fail.',
  creates: 'a nested stack, two RunTasks, and tasks of a few seconds',
  minutes: 12,
  usage: { fargateMinutes: 5 },
  beliefs: [
    {
      believed: 'When the parent stack rolls back, a nested stack also has the status `UPDATE_ROLLBACK_IN_PROGRESS`. If it did not, the rollback would run the task, because the function can read only its own stack.',
      judge: ({ periods, requests, failedAt }) => {
        const rollback = requests.find(({ type, at }) => type === 'Update' && at >= failedAt);
        const status = rollback && periods.findLast(({ from }) => from <= rollback.at)?.status;
        const seen = rollback ? `The nested stack was ${status} when its RunTask got the Update of the rollback.` : 'Its RunTask got no Update in the rollback.';
        return status === 'UPDATE_ROLLBACK_IN_PROGRESS' ? confirmed(seen) : refuted(seen);
      },
      ifRefuted: '`isRollbackStatus` does not recognize the rollback of a nested stack, and would run the old task in it.',
      onlyOnAws: 'it does not roll a nested stack back with its parent.',
    },
    {
      believed: 'A nested stack that has finished its update already has its new outputs. If its parent then rolls back, its outputs are those of the failed deployment.',
      judge: ({ before, during, after }) => {
        const seen = `The output was ${before} before, ${during.join(' and ') || 'not read'} in the rollback, and ${after} after it.`;
        return during.length > 0 && during.every((output) => output !== before) ? confirmed(seen) : refuted(seen);
      },
      ifRefuted: '`readKeptAttributes` can restore the attributes of a nested stack, and the README need not warn of it.',
      onlyOnAws: 'it does not roll a nested stack back with its parent.',
    },
  ],
  async observe(scene) {
    const version = (word: string, sibling: string): Build => (stack) => {
      const nested = new NestedStack(stack, 'Nested');
      stack.run('Run', `echo ${word}`, {}, nested);
      stack.nameFunction(nested, `${scene.stackName}-in`);
      new CfnOutput(nested, 'Word', { value: word });
      stack.run('Sibling', sibling).node.addDependency(nested);
    };
    await scene.deploy('a first version', version('1', 'true'));
    const nestedId = (await scene.events()).find(({ resource, physicalId }) => resource.startsWith('Nested') && physicalId?.includes(':stack/'))!.physicalId!;
    const { outputs: { Word: before } } = await scene.describe(nestedId);
    const watch = scene.watch(2, nestedId);
    await scene.tryDeploy('a version whose parent fails', version('2', 'exit 3'));
    const periods = summarizeReads(await watch.stop());
    return {
      periods,
      before,
      during: [...new Set(periods.filter(({ status }) => /^UPDATE_ROLLBACK_IN_PROGRESS$/.test(status)).map(({ outputs }) => outputs?.replace('Word=', '') ?? 'missing'))],
      after: (await scene.describe(nestedId)).outputs.Word,
      requests: findRequests(await scene.functionLog(`${scene.stackName}-in`), 'Run'),
      failedAt: (await scene.events()).findLast(({ resource, status }) => resource.startsWith('Sibling') && status === 'UPDATE_FAILED')?.at ?? '',
    };
  },
});
