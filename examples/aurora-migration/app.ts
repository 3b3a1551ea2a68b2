// What: creates an Aurora Serverless database, migrates it during `cdk deploy`, and rolls the service out only after that.
// Why: the database has no public address, so CI cannot reach it, but a task in its VPC can. The password is generated, and
//   does not appear in the template or in logs. If the migration fails, the service does not change.
// Cost: the service about 13 USD a month with its public address, the secret 0.40 USD, and the database 0.12 USD for each
//   hour and capacity unit while it is active (at least half a unit), and only its storage while it is paused.
//   No NAT gateway.
// Run: in this folder, into your account (the database takes about 10 minutes):
//   npx cdk deploy
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import { RunFargateTask } from 'cdk-ecs-run-task';

const stack = new Stack(new App(), 'AuroraMigration');
const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0 }); // creates public and isolated subnets
const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });

const database = new rds.DatabaseCluster(stack, 'Database', {
  engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.of('17.7', '17') }),
  writer: rds.ClusterInstance.serverlessV2('Writer'),
  serverlessV2MinCapacity: 0, // it pauses after five minutes without a connection
  defaultDatabaseName: 'shop',
  storageEncrypted: true,
  vpc,
  vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
  removalPolicy: RemovalPolicy.DESTROY, // for the example only: the default takes a last snapshot
});
const field = (name: string) => ecs.Secret.fromSecretsManager(database.secret!, name);
const secrets = { // the environment variables of psql and most drivers
  PGHOST: field('host'), PGPORT: field('port'), PGDATABASE: field('dbname'), PGUSER: field('username'), PGPASSWORD: field('password'),
};

const web = new ecs.FargateTaskDefinition(stack, 'Web');
web.addContainer('web', {
  image: ecs.ContainerImage.fromRegistry('public.ecr.aws/nginx/nginx:stable'),
  logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'shop', logRetention: logs.RetentionDays.ONE_MONTH }),
  secrets,
});
const service = new ecs.FargateService(stack, 'Service', {
  cluster,
  taskDefinition: web,
  desiredCount: 1,
  minHealthyPercent: 100,
  circuitBreaker: { rollback: true },
  assignPublicIp: true,
});

const migration = new RunFargateTask(stack, 'Migration', {
  cluster,
  image: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/postgres:17-alpine'),
  command: ['psql', 'sslmode=require', '--command', 'CREATE TABLE IF NOT EXISTS orders (id uuid PRIMARY KEY, total_cents integer NOT NULL)'],
  secrets,
  assignPublicIp: true,
  executeAfter: [database], // includes its instance: the address of the cluster exists earlier
  executeBefore: [service],
});
database.connections.allowDefaultPortFrom(migration);
database.connections.allowDefaultPortFrom(service);
