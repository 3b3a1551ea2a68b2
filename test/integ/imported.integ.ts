import { Fn, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { RunTask } from 'cdk-ecs-run-task';
import { createApp, createCluster, createDefinition, Integration } from './support';

// A task runs on a cluster and with a task definition that another stack owns, and that its own stack imports.
const app = createApp();
const platform = new Stack(app, 'RunTaskImported');
const owned = createCluster(platform);
const definition = createDefinition(platform, 'run-task-imported', ['true']);

const stack = new Stack(app, 'RunTaskImportedTask');
const cluster = ecs.Cluster.fromClusterAttributes(stack, 'Cluster', {
  clusterName: platform.stackName,
  vpc: ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: owned.vpc.vpcId,
    availabilityZones: [Fn.select(0, Fn.getAzs()), Fn.select(1, Fn.getAzs())],
    publicSubnetIds: owned.vpc.publicSubnets.map(({ subnetId }) => subnetId),
    publicSubnetRouteTableIds: owned.vpc.publicSubnets.map(({ routeTable }) => routeTable.routeTableId),
  }),
});
const taskDefinition = ecs.TaskDefinition.fromTaskDefinitionAttributes(stack, 'TaskDefinition', {
  taskDefinitionArn: definition.taskDefinitionArn,
  networkMode: ecs.NetworkMode.AWS_VPC,
  compatibility: ecs.Compatibility.FARGATE,
  taskRole: definition.taskRole,
  executionRole: definition.executionRole,
});
new RunTask(stack, 'Task', { cluster, taskDefinition, assignPublicIp: true });

const integration = new Integration(app, platform, stack);
integration.expectTasks(platform.stackName, 'run-task-imported', [0]);
