import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { FLAGS } from 'aws-cdk-lib/cx-api';
import { RESOURCE_TYPE } from '../../src/contract';
import { RunFargateTask, RunTask } from '../../src/index';
import { addAurora, define, deployment, expectSound, image } from '../support/app-shapes';
import { expectToWaitFor, resourceOf } from '../support/expectations';
import { everything, readable } from '../support/stacks';

/** All of this version of the CDK: more than `cdk init` writes, which leaves out those that are the default by now. */
const RECOMMENDED = Object.fromEntries(Object.entries(FLAGS).filter(([, { introducedIn }]) => introducedIn.v2)
  .map(([flag, { recommendedValue }]) => [flag, recommendedValue]));

function shop(context: { [flag: string]: unknown }) {
  const app = new App({ context });
  const network = new Stack(app, 'Network');
  const vpc = new ec2.Vpc(network, 'Vpc', { maxAzs: 2, natGateways: 1 });
  const stack = new Stack(app, 'Shop');
  const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
  const database = addAurora(stack, vpc);
  const service = new ecs.FargateService(stack, 'Web', { ...deployment, cluster, taskDefinition: define(stack) });
  database.connections.allowDefaultPortFrom(service);
  const migration = RunTask.forService(stack, 'Migration', service, { command: ['migrate'], executeAfter: [database], onDelete: { command: ['drop'] } });
  const seed = new RunFargateTask(stack, 'Seed', { cluster, image, secrets: { PGHOST: ecs.Secret.fromSecretsManager(database.secret!, 'host') } });
  seed.executeAfter(migration);
  everything(app);
  return { app, service, migration, seed };
}

describe('with all feature flags that this version of the CDK recommends', () => {
  test('an app is sound and deployed in order', () => {
    const { app, service, migration, seed } = shop(RECOMMENDED);

    expectSound(app, () => shop(RECOMMENDED).app);
    expectToWaitFor(resourceOf(migration), 'Shop/Aurora/Writer/Resource', /^Shop.Aurora.Secret.Attachment/, /^Shop.Definition.ExecutionRole.DefaultPolicy/);
    expectToWaitFor(service.node.defaultChild!, 'Shop/Migration/Resource');
    expectToWaitFor(resourceOf(seed.task), 'Shop/Migration/Resource');
  });

  test('the tasks are rendered as without, so that setting a flag runs no task again', () => {
    const tasksWith = (context: { [flag: string]: unknown }) => {
      const tasks = Template.fromStack(everything(new App({ context }))).findResources(RESOURCE_TYPE);
      return Object.entries(tasks).map(([logicalId, { Properties }]) => [logicalId, readable(Properties)]);
    };

    expect(tasksWith(RECOMMENDED)).toEqual(tasksWith({}));
  });
});
