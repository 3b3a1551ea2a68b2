/** What the demo deploys, and what it looks at. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeServicesCommand, ECSClient, ListClustersCommand, ListServicesCommand, ListTasksCommand, Service } from '@aws-sdk/client-ecs';
import type { Engine } from '../../test/e2e/engine/engine';
import { folders } from '../../test/e2e/engine/folders';
import { makeBusyboxImage, makePsqlImage } from '../../test/e2e/engine/images';
import type { Postgres } from '../../test/e2e/engine/postgres';

export interface Version {
  readonly migrationImage: string;
  readonly webImage: string;
}

/** Two versions of the shop. Each image is tagged with what is in it, as the CDK does with its assets. */
export async function makeImages({ docker }: Engine): Promise<{ works: Version; breaks: Version }> {
  const files = join(__dirname, 'image');
  const broken = join(folders.run, 'broken-image');
  cpSync(files, broken, { recursive: true });
  cpSync(join(__dirname, 'broken'), join(broken, 'migrations'), { recursive: true });
  const migrationImage = (from: string) => makePsqlImage(docker, 'shop-migration', from, ['sh', '/migrate.sh']);
  const webImage = (port: number) => makeBusyboxImage(docker, 'shop-web', ['sh', '-c', `trap exit TERM; httpd -f -p ${port} & wait`]);
  return {
    works: { migrationImage: await migrationImage(files), webImage: await webImage(8080) },
    breaks: { migrationImage: await migrationImage(broken), webImage: await webImage(8081) },
  };
}

export const tables = (database: Postgres): string[] =>
  database.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1");

export async function stackStatus(): Promise<string> {
  const { Stacks = [] } = await new CloudFormationClient().send(new DescribeStacksCommand());
  return Stacks.find(({ StackName }) => StackName === 'Shop')?.StackStatus ?? 'gone';
}

export async function clusterOfShop(): Promise<string> {
  const { clusterArns = [] } = await new ECSClient().send(new ListClustersCommand());
  return clusterArns.find((arn) => arn.includes('Shop'))!;
}

/** How many migration tasks have run, with any result. */
export async function migrationsRun(cluster: string): Promise<number> {
  const ecs = new ECSClient();
  const lists = await Promise.all((['RUNNING', 'STOPPED'] as const).map((desiredStatus) =>
    ecs.send(new ListTasksCommand({ cluster, desiredStatus, family: 'shop-migration' }))));
  return lists.flatMap(({ taskArns }) => taskArns).length;
}

export async function describeService(cluster: string): Promise<Service> {
  const ecs = new ECSClient();
  const { serviceArns } = await ecs.send(new ListServicesCommand({ cluster }));
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: serviceArns }));
  return services![0];
}

/** Whether no deployment of the service has begun in between. */
export function isUnchanged(before: Service, after: Service): boolean {
  const ids = ({ deployments = [] }: Service) => deployments.map(({ id }) => id).join();
  return before.taskDefinition === after.taskDefinition && ids(before) === ids(after);
}
