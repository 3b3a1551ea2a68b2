import {
  CapacityProviderStrategyItem, DescribeTasksCommand, LaunchType, RegisterTaskDefinitionCommand, RunTaskCommand,
} from '@aws-sdk/client-ecs';
import { PropagatedTagSource } from 'aws-cdk-lib/aws-ecs';
import { confirmed, defineCheck, notSeen, refuted } from './check';
import type { Scene } from '../scene';
import { registeredFamily, TAG } from '../tags';

/** The tag in `tags`, the tag of the task definition, and the tag that ECS adds. */
const EXPECTED_TAGS = ['purpose', TAG, 'aws:ecs:clusterName'];

export const TASK_TAGS = defineCheck<{ succeeded: boolean; tags: string[] }>({
  id: 'task-tags',
  does: 'Deploys a RunTask with startedBy, tags, tags of its task definition and tags of ECS, with the policy of its function.',
  creates: 'a RunTask, and a task of a few seconds',
  minutes: 4,
  usage: { fargateMinutes: 2 },
  beliefs: [{
    believed: '`ecs:TagResource` on tasks can be limited to `ecs:CreateAction` `RunTask`.',
    judge: ({ succeeded, tags }) => {
      const seen = `The deployment ${succeeded ? 'succeeded' : 'failed'}, and the task had the tags ${tags.join(', ') || 'none'}.`;
      return succeeded && EXPECTED_TAGS.every((key) => tags.includes(key)) ? confirmed(seen) : refuted(seen);
    },
    ifRefuted: 'A RunTask with tags or a `startedBy` of the user fails: `listHandlerStatements` has to allow more.',
    onlyOnAws: 'it does not check permissions.',
  }],
  async observe(scene) {
    const { succeeded } = await scene.tryDeploy('a task with tags', (stack) => void stack.run('Run', 'sleep 5', {
      startedBy: 'verify-account', tags: { purpose: 'verify' }, propagateTags: PropagatedTagSource.TASK_DEFINITION, enableEcsManagedTags: true,
    }));
    const [task] = await scene.tasks();
    const { tasks: [{ tags = [] } = {}] = [] } = await scene.account.ecs.send(new DescribeTasksCommand({
      cluster: scene.ground.cluster, tasks: [task?.taskArn ?? 'none'], include: ['TAGS'],
    }));
    return { succeeded, tags: tags.map(({ key }) => key!) };
  },
});

/** How many new task definitions are run. */
const ATTEMPTS = 10;

export const CREATED_SECONDS_AGO = defineCheck<{ answers: string[] }>({
  id: 'created-seconds-ago',
  does: `Registers a task definition and runs it immediately, ${ATTEMPTS} times.`,
  creates: `${ATTEMPTS} revisions of a task definition, and as many tasks of a few seconds`,
  minutes: 4,
  usage: { fargateMinutes: ATTEMPTS },
  beliefs: [{
    believed: 'ECS may also not know new subnets and security groups (`InvalidSubnetID.NotFound`, `InvalidGroup.NotFound` in an `InvalidParameterException`), task definitions, capacity providers of a cluster, and the token of a role.',
    judge: ({ answers }) => {
      const unknown = answers.filter((answer) => answer !== 'started');
      return unknown.length > 0
        ? confirmed(`${unknown.length} of ${answers.length} new task definitions could not be run at once: ${unknown[0]}.`)
        : notSeen(`All of ${answers.length} new task definitions could be run at once. Subnets, security groups, capacity providers and roles were not tried.`);
    },
    ifRefuted: 'The patience of `patienceWithError` with these errors is not needed.',
  }],
  async observe(scene) {
    const answers: string[] = [];
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      scene.say(`RegisterTaskDefinition and RunTask: ${attempt} of ${ATTEMPTS}`);
      answers.push(await tryRunTask(scene, await registerTaskDefinition(scene), { launchType: 'FARGATE' }));
    }
    return { answers };
  },
});

const PROVIDERS = ['FARGATE', 'FARGATE_SPOT'] as const;

export const UNASSOCIATED_PROVIDER = defineCheck<{ answers: string[] }>({
  id: 'unassociated-provider',
  does: 'Runs a task on FARGATE and one on FARGATE_SPOT, in a cluster without capacity providers.',
  creates: 'a revision of a task definition, and two tasks of a few seconds',
  minutes: 2,
  usage: { fargateMinutes: PROVIDERS.length },
  beliefs: [{
    believed: 'ECS runs a task on `FARGATE` and `FARGATE_SPOT` even if the provider was never associated with the cluster. The documentation does not say so, but public apps rely on it.',
    judge: ({ answers }) => {
      const seen = `${PROVIDERS.map((provider, index) => `${provider}: ${answers[index]}`).join('. ')}.`;
      return answers.every((answer) => answer === 'started') ? confirmed(seen) : refuted(seen);
    },
    ifRefuted: 'The warning of `warnOfMissingProviders` in `src/request/warnings.ts` is right, and can become an error.',
    ifConfirmed: 'The warning of `warnOfMissingProviders` in `src/request/warnings.ts` can go.',
    onlyOnAws: 'it does not know which providers a cluster has.',
  }],
  async observe(scene) {
    const taskDefinition = await registerTaskDefinition(scene);
    const answers: string[] = [];
    for (const capacityProvider of PROVIDERS) {
      scene.say(`RunTask on ${capacityProvider}`);
      answers.push(await tryRunTask(scene, taskDefinition, { capacityProviderStrategy: [{ capacityProvider }] }));
    }
    return { answers };
  },
});

/** Registers a new revision of a task definition whose task takes a few seconds. */
async function registerTaskDefinition({ account: { ecs }, runId, image }: Scene): Promise<string> {
  const { taskDefinition } = await ecs.send(new RegisterTaskDefinitionCommand({
    family: registeredFamily(runId),
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: '256',
    memory: '512',
    containerDefinitions: [{ name: 'app', image, command: ['true'] }],
    tags: [{ key: TAG, value: runId }],
  }));
  return taskDefinition!.taskDefinitionArn!;
}

type Capacity = { readonly launchType: LaunchType } | { readonly capacityProviderStrategy: CapacityProviderStrategyItem[] };

/** Returns whether ECS started the task, or why it did not. */
async function tryRunTask({ account, ground, runId }: Scene, taskDefinition: string, capacity: Capacity): Promise<string> {
  const { cluster, subnets, securityGroup } = ground;
  return account.ecs.send(new RunTaskCommand({
    cluster,
    taskDefinition,
    ...capacity,
    networkConfiguration: { awsvpcConfiguration: { subnets, securityGroups: [securityGroup], assignPublicIp: 'ENABLED' } },
    tags: [{ key: TAG, value: runId }],
  })).then(({ failures = [] }) => failures.map(({ reason }) => reason).join() || 'started', ({ name, message }) => `${name}: ${message}`);
}
