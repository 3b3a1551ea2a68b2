import { GetRoleCommand } from '@aws-sdk/client-iam';
import { CfnOutput, CfnResource } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { confirmed, defineCheck, notSeen, refuted } from './check';
import { COMMAND, observeTasks, ON_EACH_LAUNCH_TYPE, TaskEvidence } from './tasks';
import type { LogLine } from '../evidence';
import type { Scene } from '../scene';
import type { CheckStack } from '../stacks';

export const TASK_ON_FARGATE = defineCheck<TaskEvidence & { serviceLinkedRole: string }>({
  id: 'task-on-fargate',
  does: 'Runs two tasks on Fargate without CloudFormation, and reads everything that ECS returns of them.',
  creates: 'a task definition, and two tasks of less than two minutes',
  minutes: 6,
  usage: { fargateMinutes: 4 },
  beliefs: [
    ...ON_EACH_LAUNCH_TYPE,
    {
      believed: '`startedBy` has up to 128 letters, digits, hyphens, slashes and underscores. The limit was 36, and still is in the documentation of StartTask.',
      judge: ({ startedBy, startedByReturned }) => startedByReturned === startedBy
        ? confirmed(`${startedBy.length} characters were accepted and returned.`)
        : refuted(`"${startedByReturned}" was returned for "${startedBy}".`),
      ifRefuted: 'Marks have to be shorter in this partition: see `lambda/ecs/marks.ts`.',
    },
    {
      believed: '`ListTasks` lists a started task within ten seconds.',
      judge: ({ listedAfterMs }) => {
        if (listedAfterMs === undefined) {
          return refuted('It was not listed before it ended.');
        }
        const seen = `It was listed after ${listedAfterMs / 1000} s.`;
        return listedAfterMs <= 10_000 ? confirmed(seen) : refuted(seen);
      },
      ifRefuted: '`LISTED_WITHIN_MS` is too short: a Delete can miss the task that it has to stop.',
    },
    {
      believed: '`DescribeTasks` with `include: TAGS` works in every partition.',
      judge: ({ tagsWhileRunning }) => tagsWhileRunning > 0
        ? confirmed('It returned the tags, in the partition of this Region.')
        : refuted('It returned no tags for a task that was started with one.'),
      ifRefuted: 'In this partition, a task with a `startedBy` of the user cannot be found again.',
    },
    {
      believed: '`StopTask` deletes the tags of the task. An identifier in a tag is then lost. An identifier in `startedBy` is not.',
      judge: ({ tagsWhileRunning, tagsAfterStopTask }) => {
        const seen = `The task had ${tagsWhileRunning} tags while it ran, and ${tagsAfterStopTask} after StopTask.`;
        return tagsWhileRunning > 0 && tagsAfterStopTask === 0 ? confirmed(seen) : refuted(seen);
      },
      ifRefuted: 'A task with a `startedBy` of the user can be found by its tag after it was told to stop, too.',
      onlyOnAws: 'it keeps the tags.',
    },
    {
      believed: 'Task ARNs contain the name of the cluster. Accounts that opted out before 2021 may have shorter ARNs.',
      judge: ({ taskArn }) => /:task\/[^/]+\/[^/]+$/.test(taskArn) ? confirmed(`The ARN was ${taskArn}.`) : refuted(`The ARN was ${taskArn}.`),
      ifRefuted: 'The policy of the function does not match the tasks of this account: it can start them, and not look at them or stop them.',
    },
    {
      believed: 'In an account that has a cluster, the service-linked role of ECS exists.',
      judge: ({ serviceLinkedRole }) => serviceLinkedRole === 'exists' ? confirmed('The role exists.') : refuted(`GetRole: ${serviceLinkedRole}.`),
      ifRefuted: 'The first task of an account fails: the function needs `iam:CreateServiceLinkedRole`, or the message has to say what to do.',
      onlyOnAws: 'it has no service-linked roles.',
    },
  ],
  async observe(scene) {
    await scene.deploy('a task definition', (stack) => {
      new CfnOutput(stack, 'DefinitionArn', { value: stack.define('Definition', COMMAND).taskDefinitionArn });
    });
    const { cluster, subnets, securityGroup, logGroup } = scene.ground;
    const { outputs: { DefinitionArn: taskDefinition } } = await scene.describe();
    const evidence = await observeTasks(scene, {
      cluster,
      taskDefinition,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets, securityGroups: [securityGroup], assignPublicIp: 'ENABLED' } },
    }, logGroup);
    const serviceLinkedRole = await scene.account.iam.send(new GetRoleCommand({ RoleName: 'AWSServiceRoleForECS' })).then(() => 'exists', ({ name }) => name);
    return { ...evidence, serviceLinkedRole };
  },
});

/** The instance pulls the image and sends the log, so its tasks need no public address. */
const withNetworkInterface = ({ ground: { subnets, securityGroup } }: Scene) =>
  ({ awsvpcConfiguration: { subnets, securityGroups: [securityGroup] } });

/** A task with its own network interface. Only such a task is DEPROVISIONING for longer than a moment. */
function defineObserved(stack: CheckStack): ecs.TaskDefinition {
  const taskDefinition = new ecs.TaskDefinition(stack, 'Observed', {
    compatibility: ecs.Compatibility.EC2, networkMode: ecs.NetworkMode.AWS_VPC, cpu: '256', memoryMiB: '256',
  });
  stack.addContainer(taskDefinition, COMMAND);
  return taskDefinition;
}

const ON_INSTANCES = ON_EACH_LAUNCH_TYPE.map((belief) => ({ ...belief, onlyOnAws: 'it has no container instances.' }));

export const EC2_CLUSTER = defineCheck<TaskEvidence & { log: LogLine[] }>({
  id: 'ec2-cluster',
  does: 'Deploys a cluster of one EC2 instance and a RunTask on it in one stack, and runs two more tasks there.',
  creates: 'an Auto Scaling group with one t3.micro, a cluster, two task definitions, a RunTask, and tasks of less than two minutes',
  minutes: 15,
  usage: { instanceMinutes: 60 },
  beliefs: [
    ...ON_INSTANCES,
    {
      believed: 'If no instance has registered with the cluster, `RunTask` fails with `InvalidParameterException: No Container Instances were found in your cluster`. CloudFormation reports an Auto Scaling group as complete minutes before its instances have joined.',
      judge: ({ log }) => {
        const refusals = log.filter(({ text }) => /No Container Instances were found/.test(text)).length;
        const seen = `RunTask was refused ${refusals} times for want of instances before it ran the task.`;
        return refusals > 0 ? confirmed(seen) : notSeen(seen);
      },
      ifRefuted: 'The text or the error of an empty cluster is another one: see `START_FAILURES` and `patienceWithError`.',
      onlyOnAws: 'it has no container instances.',
    },
  ],
  async observe(scene) {
    await scene.deploy('a cluster with an instance, and a task on it', (stack) => {
      const cluster = new ecs.Cluster(stack, 'OwnCluster', { vpc: stack.vpc });
      cluster.addCapacity('Capacity', {
        instanceType: ec2.InstanceType.of(ec2.InstanceClass.T3, ec2.InstanceSize.MICRO),
        machineImage: ecs.EcsOptimizedImage.amazonLinux2023(),
        minCapacity: 1,
        maxCapacity: 1,
        associatePublicIpAddress: true,
        vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
      });
      const taskDefinition = new ecs.Ec2TaskDefinition(stack, 'Definition');
      stack.addContainer(taskDefinition, 'true');
      stack.run('Run', '', { cluster, taskDefinition, assignPublicIp: undefined, securityGroups: undefined });
      new CfnOutput(stack, 'ClusterName', { value: cluster.clusterName });
      new CfnOutput(stack, 'DefinitionArn', { value: defineObserved(stack).taskDefinitionArn });
    });
    const log = await scene.functionLog();
    const { outputs: { ClusterName: cluster, DefinitionArn: taskDefinition } } = await scene.describe();
    const evidence = await observeTasks(scene, {
      cluster, taskDefinition, launchType: 'EC2', networkConfiguration: withNetworkInterface(scene),
    }, scene.ground.logGroup);
    return { ...evidence, log };
  },
});

export const MANAGED_INSTANCES = defineCheck<TaskEvidence>({
  id: 'managed-instances',
  does: 'Deploys a cluster with ECS Managed Instances, and runs two tasks there.',
  creates: 'a cluster, a capacity provider and its roles, one instance that ECS launches, and tasks of less than two minutes',
  minutes: 20,
  usage: { managedInstanceMinutes: 45 },
  beliefs: ON_INSTANCES,
  async observe(scene) {
    await scene.deploy('a cluster with Managed Instances', (stack) => {
      const cluster = new ecs.Cluster(stack, 'OwnCluster', { vpc: stack.vpc });
      const taskDefinition = defineObserved(stack);
      (taskDefinition.node.defaultChild as ecs.CfnTaskDefinition).requiresCompatibilities = ['MANAGED_INSTANCES'];
      new CfnOutput(stack, 'ClusterName', { value: cluster.clusterName });
      new CfnOutput(stack, 'ProviderName', { value: addManagedInstances(stack, cluster, scene).ref });
      new CfnOutput(stack, 'DefinitionArn', { value: taskDefinition.taskDefinitionArn });
    });
    const { outputs: { ClusterName: cluster, ProviderName: capacityProvider, DefinitionArn: taskDefinition } } = await scene.describe();
    return observeTasks(scene, {
      cluster, taskDefinition, capacityProviderStrategy: [{ capacityProvider }], networkConfiguration: withNetworkInterface(scene),
    }, scene.ground.logGroup);
  },
});

/** A capacity provider that launches small instances. The lowest aws-cdk-lib has no construct for it. */
function addManagedInstances(stack: CheckStack, cluster: ecs.ICluster, { ground, runId }: Scene): CfnResource {
  const createRole = (id: string, service: string, policy: string, roleName?: string) => new iam.Role(stack, id, {
    roleName, assumedBy: new iam.ServicePrincipal(service), managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName(policy)],
  });
  const infrastructureRole = createRole('InfrastructureRole', 'ecs.amazonaws.com', 'AmazonECSInfrastructureRolePolicyForManagedInstances');
  // That policy allows ECS to pass only roles whose names begin with ecsInstanceRole.
  const instanceRole = createRole('InstanceRole', 'ec2.amazonaws.com', 'AmazonECSInstanceRolePolicyForManagedInstances', `ecsInstanceRole-${runId}`);
  return new CfnResource(stack, 'ManagedInstances', {
    type: 'AWS::ECS::CapacityProvider',
    properties: {
      ClusterName: cluster.clusterName,
      ManagedInstancesProvider: {
        InfrastructureRoleArn: infrastructureRole.roleArn,
        InstanceLaunchTemplate: {
          Ec2InstanceProfileArn: new iam.InstanceProfile(stack, 'InstanceProfile', { role: instanceRole }).instanceProfileArn,
          NetworkConfiguration: { Subnets: ground.subnets, SecurityGroups: [ground.securityGroup] },
          InstanceRequirements: { VCpuCount: { Min: 1, Max: 2 }, MemoryMiB: { Min: 1024, Max: 4096 }, BurstablePerformance: 'included' },
        },
        PropagateTags: 'CAPACITY_PROVIDER',
      },
    },
  });
}
