// What: runs a task on the cluster of another stack, which it imports by name.
// Why: a platform team owns the VPC and the cluster; other teams cannot use its constructs, and often do not have its repository.
// Cost: less than a cent for each run; VPC and cluster cost nothing. No NAT gateway.
// Run: in this folder, into your account:
//   npx cdk deploy --all
import { App, CfnOutput, Fn, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as logs from 'aws-cdk-lib/aws-logs';
import { RunTask } from 'cdk-ecs-run-task';

const app = new App();

const platform = new Stack(app, 'Platform');
const vpc = new ec2.Vpc(platform, 'Vpc', { maxAzs: 2, subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }] });
const share = (name: string, value: string) => new CfnOutput(platform, name, { value, exportName: `Platform${name}` });
share('ClusterName', new ecs.Cluster(platform, 'Cluster', { vpc }).clusterName);
share('VpcId', vpc.vpcId);
vpc.publicSubnets.forEach(({ subnetId, routeTable }, index) => {
  share(`Subnet${index}`, subnetId);
  share(`RouteTable${index}`, routeTable.routeTableId);
});

const orders = new Stack(app, 'Orders');
orders.node.addDependency(platform); // to deploy both together; a separate repository needs only the names
const shared = (name: string) => Fn.importValue(`Platform${name}`);
const cluster = ecs.Cluster.fromClusterAttributes(orders, 'Cluster', {
  clusterName: shared('ClusterName'),
  vpc: ec2.Vpc.fromVpcAttributes(orders, 'Vpc', {
    vpcId: shared('VpcId'),
    availabilityZones: [Fn.select(0, Fn.getAzs()), Fn.select(1, Fn.getAzs())],
    publicSubnetIds: [shared('Subnet0'), shared('Subnet1')],
    publicSubnetRouteTableIds: [shared('RouteTable0'), shared('RouteTable1')],
  }),
});

const taskDefinition = new ecs.FargateTaskDefinition(orders, 'Seed');
taskDefinition.addContainer('seed', {
  image: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/busybox:stable'),
  command: ['echo', 'The orders are seeded.'],
  logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'orders', logRetention: logs.RetentionDays.ONE_MONTH }),
});
new RunTask(orders, 'RunSeed', { cluster, taskDefinition, assignPublicIp: true });
