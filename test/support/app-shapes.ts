import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack, Stage } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as rds from 'aws-cdk-lib/aws-rds';
import type { SynthesisMessage } from 'aws-cdk-lib/cx-api';
import type { Construct } from 'constructs';

export const image = ecs.ContainerImage.fromRegistry('app');

/** A definition with a container `app` that logs to CloudWatch Logs. */
export function define(scope: Construct, id = 'Definition', props: Partial<ecs.ContainerDefinitionOptions> = {}): ecs.FargateTaskDefinition {
  const taskDefinition = new ecs.FargateTaskDefinition(scope, id);
  taskDefinition.addContainer('app', { image, logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'app' }), ...props });
  return taskDefinition;
}

export function addAurora(scope: Construct, vpc: ec2.IVpc, props: Partial<rds.DatabaseClusterProps> = {}): rds.DatabaseCluster {
  return new rds.DatabaseCluster(scope, 'Aurora', {
    engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_16_4 }),
    vpc,
    writer: rds.ClusterInstance.serverlessV2('Writer'),
    ...props,
  });
}

/** Without these, newer versions of aws-cdk-lib warn about a service. */
export const deployment: Partial<ecs.BaseServiceOptions> = { circuitBreaker: { rollback: true }, minHealthyPercent: 100 };

export type Resources = { readonly [logicalId: string]: any };

/**
 * Expects that CloudFormation can deploy the templates of an app, that the CDK says nothing more than this about it, and that
 * the same app has the same templates.
 *
 * Returns the resources of its stacks.
 *
 * @param expected The messages that the app has without a RunTask, too: the beginning of their path, and their text.
 */
export function expectSound(app: App, again?: () => App, expected: [string, RegExp][] = []): Resources[] {
  const { templates, messages } = synthesize(app);
  const resources = templates.map((template): Resources => JSON.parse(template).Resources ?? {});
  expect(resources.flatMap(findCycle)).toEqual([]);
  expect(messages.filter(({ id, entry }) => !expected.some(([path, text]) => id.startsWith(`/${path}`) && text.test(String(entry.data))))
    .map(({ id, entry }) => `${id}: ${entry.data}`)).toEqual([]);
  if (again) {
    expect(synthesize(again()).templates).toEqual(templates);
  }
  return resources;
}

/** The templates of all stacks of the app, nested ones too, and what the CDK says about them. */
function synthesize(app: App): { readonly templates: string[]; readonly messages: SynthesisMessage[] } {
  app.synth();
  const stages = app.node.findAll().filter((construct) => Stage.isStage(construct));
  const assemblies = stages.map((stage) => [stage, stage.synth()] as const);
  const stacks = app.node.findAll().filter((construct) => Stack.isStack(construct));
  return {
    templates: stacks.map((stack) => {
      const [, { directory }] = assemblies.find(([stage]) => stage === Stage.of(stack))!;
      return readFileSync(join(directory, stack.templateFile), 'utf8');
    }),
    messages: assemblies.flatMap(([, assembly]) => assembly.stacks).flatMap(({ messages }) => messages),
  };
}

/** The logical ids of resources that wait for each other in a circle. */
function findCycle(resources: Resources): string[] {
  const needs = new Map(Object.entries(resources).map(([id, { DependsOn = [], ...rest }]) => {
    const references = JSON.stringify(rest).matchAll(/"Ref":"(\w+)"|"Fn::GetAtt":\["(\w+)"|\$\{(\w+)/g);
    return [id, [...references].map(([, ref, getAtt, sub]) => ref ?? getAtt ?? sub).concat(DependsOn).filter((other) => other in resources)] as const;
  }));
  for (let settled = true; settled;) { // takes away what waits for nothing that is left
    const ready = [...needs].filter(([, others]) => others.every((other) => !needs.has(other))).map(([id]) => id);
    ready.forEach((id) => needs.delete(id));
    settled = ready.length > 0;
  }
  return [...needs.keys()];
}
