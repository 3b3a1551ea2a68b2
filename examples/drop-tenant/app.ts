// What: each tenant has a stack. Its deployment creates a schema in a shared database, and its deletion drops the schema.
// Why: a schema is not a CloudFormation resource, so without this, the data of a former tenant is never deleted.
// Cost: less than a cent for each deployment and deletion of a tenant. The database has a secret (0.40 USD a month), costs
//   0.12 USD for each hour and capacity unit while it is active (at least half a unit), and pauses otherwise. No NAT gateway.
// Run: in this folder, into your account (the database takes about 10 minutes):
//   npx cdk deploy --all
//   npx cdk destroy Tenant-globex              drops the schema first; if that fails, the deletion fails with the cause
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as rds from 'aws-cdk-lib/aws-rds';
import { RunFargateTask } from 'cdk-ecs-run-task';

const app = new App();

const shared = new Stack(app, 'Shared');
const vpc = new ec2.Vpc(shared, 'Vpc', { maxAzs: 2, natGateways: 0 }); // creates public and isolated subnets
const cluster = new ecs.Cluster(shared, 'Cluster', { vpc });
const database = new rds.DatabaseCluster(shared, 'Database', {
  engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.of('17.7', '17') }),
  writer: rds.ClusterInstance.serverlessV2('Writer'),
  serverlessV2MinCapacity: 0, // it pauses after five minutes without a connection
  defaultDatabaseName: 'tenants',
  storageEncrypted: true,
  vpc,
  vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
  removalPolicy: RemovalPolicy.DESTROY, // for the example only: the default takes a last snapshot
});
const clients = new ec2.SecurityGroup(shared, 'Clients', { vpc });
database.connections.allowDefaultPortFrom(clients);
const field = (name: string) => ecs.Secret.fromSecretsManager(database.secret!, name);
const secrets = { // the environment variables of psql
  PGHOST: field('host'), PGPORT: field('port'), PGDATABASE: field('dbname'), PGUSER: field('username'), PGPASSWORD: field('password'),
};

for (const tenant of ['acme', 'globex']) {
  const stack = new Stack(app, `Tenant-${tenant}`);
  const psql = (sql: string) => ['psql', 'sslmode=require', '--command', sql];
  new RunFargateTask(stack, 'Schema', {
    cluster,
    assignPublicIp: true,
    securityGroups: [clients],
    image: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/postgres:17-alpine'),
    command: psql(`CREATE SCHEMA IF NOT EXISTS ${tenant}`),
    secrets,
    // A rename of 'Schema' would create the schema again, and then drop it: CloudFormation removes the old resource last.
    onDelete: {
      containerOverrides: [{ containerName: 'app', command: psql(`DROP SCHEMA IF EXISTS ${tenant} CASCADE`) }],
    },
  });
}
