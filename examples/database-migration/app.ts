// What: migrates a PostgreSQL database during `cdk deploy`, and rolls the service out only after that.
// Why: a new version of the service fails with the old tables. A migration at the start of the service runs in each of its tasks.
// Cost: only the task's seconds on Fargate (0.25 vCPU) and a secret (0.40 USD a month). The service
//   costs about 13 USD a month with its public address. No NAT gateway, no load balancer.
// Run: `npm run demo` on your machine, without an AWS account. Or in this folder, into your account:
//   npx cdk deploy --context databaseSecret=ARN     the ARN of a secret that holds postgresql://user:password@host/name
import { join } from 'node:path';
import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { RunTask } from 'cdk-ecs-run-task';
import { Construct } from 'constructs';

export class ShopStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const vpc = new ec2.Vpc(this, 'Vpc', { maxAzs: 2, subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }] });
    const cluster = new ecs.Cluster(this, 'Cluster', { vpc });

    // The image contains the SQL files: a new file leads to a new image, a new revision, and a new run.
    const migration = new ecs.FargateTaskDefinition(this, 'Migration', { family: 'shop-migration' });
    const migrate = migration.addContainer('migrate', {
      image: this.image('migrationImage', () => ecs.ContainerImage.fromAsset(join(__dirname, 'image'))),
      logging: this.logging('MigrationLogs'),
      ...this.databaseUrl(),
    });

    // The demo's database listens on a Unix socket only, in a folder that its task mounts. Fargate does not support this.
    const socket = this.context('databaseSocket');
    if (socket) {
      migration.addVolume({ name: 'database', host: { sourcePath: socket } });
      migrate.addMountPoints({ sourceVolume: 'database', containerPath: '/var/run/postgresql', readOnly: false });
    }

    const web = new ecs.FargateTaskDefinition(this, 'Web', { family: 'shop-web' });
    web.addContainer('web', {
      image: this.image('webImage', () => ecs.ContainerImage.fromRegistry('public.ecr.aws/nginx/nginx:stable')),
      logging: this.logging('WebLogs'),
    });
    const service = new ecs.FargateService(this, 'Service', {
      cluster,
      taskDefinition: web,
      desiredCount: 1,
      minHealthyPercent: 100,
      assignPublicIp: true,
    });

    // If your app has a construct for the database, keep this in a variable: database.connections.allowDefaultPortFrom(runTask)
    new RunTask(this, 'Migrate', {
      cluster,
      taskDefinition: migration,
      assignPublicIp: true,
      timeout: Duration.minutes(10),
      executeBefore: [service],
    });
  }

  /** The URL of the database, from a secret. The demo's ECS does not support secrets, so the demo passes plain text. */
  private databaseUrl(): Pick<ecs.ContainerDefinitionOptions, 'environment' | 'secrets'> {
    const url = this.context('databaseUrl');
    if (url) {
      return { environment: { DATABASE_URL: url } };
    }
    const secretArn = this.context('databaseSecret');
    if (!secretArn) {
      throw new Error('the URL of the database is missing; pass --context databaseSecret=ARN');
    }
    const secret = secretsmanager.Secret.fromSecretCompleteArn(this, 'DatabaseUrl', secretArn);
    return { secrets: { DATABASE_URL: ecs.Secret.fromSecretsManager(secret) } };
  }

  /** The demo builds its images without Docker, and passes their names in the context. */
  private image(contextName: string, orElse: () => ecs.ContainerImage): ecs.ContainerImage {
    const given = this.context(contextName);
    return given ? ecs.ContainerImage.fromRegistry(given) : orElse();
  }

  private logging(id: string): ecs.LogDriver {
    const logGroup = new logs.LogGroup(this, id, { retention: logs.RetentionDays.ONE_MONTH, removalPolicy: RemovalPolicy.DESTROY });
    return ecs.LogDrivers.awsLogs({ streamPrefix: 'shop', logGroup });
  }

  private context(name: string): string | undefined {
    return this.node.tryGetContext(name);
  }
}

if (require.main === module) {
  new ShopStack(new App(), 'Shop');
}
