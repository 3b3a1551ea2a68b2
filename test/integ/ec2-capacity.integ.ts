import { Match } from '@aws-cdk/integ-tests-alpha';
import { Duration, Stack } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { RunTask } from 'cdk-ecs-run-task';
import { addContainer, createApp, createCluster, Integration } from './support';

// A task runs on the instances of an Auto Scaling group that the same deployment creates, and that start only because of the task.
const app = createApp();
const stack = new Stack(app, 'RunTaskEc2Capacity');
const cluster = createCluster(stack);

const autoScalingGroup = new autoscaling.AutoScalingGroup(stack, 'AutoScalingGroup', {
  vpc: cluster.vpc,
  vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
  associatePublicIpAddress: true,
  instanceType: ec2.InstanceType.of(ec2.InstanceClass.T3, ec2.InstanceSize.MICRO),
  machineImage: ecs.EcsOptimizedImage.amazonLinux2023(),
  minCapacity: 0,
  maxCapacity: 1,
});
const provider = new ecs.AsgCapacityProvider(stack, 'Provider', {
  autoScalingGroup,
  enableManagedTerminationProtection: false, // it would hold up the deletion of the stack
  enableManagedDraining: true,
});
cluster.addAsgCapacityProvider(provider);

const taskDefinition = new ecs.Ec2TaskDefinition(stack, 'TaskDefinition', { family: 'run-task-ec2-capacity' });
addContainer(taskDefinition, ['true']);
new RunTask(stack, 'Task', {
  cluster,
  taskDefinition,
  capacityProviderStrategies: [{ capacityProvider: provider.capacityProviderName, weight: 1 }],
  timeout: Duration.minutes(20), // with the start of the instance
});

const integration = new Integration(app, stack);
integration.expectTasks(stack.stackName, 'run-task-ec2-capacity', [0], {
  capacityProviderName: Match.stringLikeRegexp(stack.stackName),
  containerInstanceArn: Match.stringLikeRegexp(':container-instance/'),
});
integration.expectEvents(stack.stackName,
  ['AWS::ECS::ClusterCapacityProviderAssociations', 'CREATE_COMPLETE'],
  ['Custom::EcsRunTask', 'CREATE_IN_PROGRESS'],
  ['Custom::EcsRunTask', 'CREATE_COMPLETE']);
