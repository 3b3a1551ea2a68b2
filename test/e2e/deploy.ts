import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { RunTask, RunTaskProps } from 'cdk-ecs-run-task';
import { cdk, CliResult } from './engine/cdk';
import { folders } from './engine/folders';

/** A shell command, or more than that. */
type Containers = Record<string, string | Partial<ecs.ContainerDefinitionOptions>>;

const endpoint = process.env.E2E_ENDPOINT!;

/** Deploys a stack as a user does, with the CLI; stacks of the same name are one stack. */
export function deploy(name: string, build: (ground: Ground) => void, ...options: string[]): Promise<CliResult> {
  const app = new App({ outdir: join(folders.run, 'cdk.out', name), analyticsReporting: false });
  build(new Ground(app, name));
  app.synth();
  return cdk(endpoint, ['deploy', '--app', app.outdir, '--require-approval', 'never', '--progress', 'events', ...options]);
}

export function destroy(name: string): Promise<CliResult> {
  return cdk(endpoint, ['destroy', '--app', join(folders.run, 'cdk.out', name), '--force']);
}

/** A folder that outlasts the containers of a stack: see `share`. */
export function sharedFolder(name: string): string {
  const folder = join(folders.run, 'shared', name);
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o777); // for the containers of an engine with user namespaces
  return folder;
}

/** A stack with a cluster, and with what its tasks need. Cluster and log group have names that tests know. */
export class Ground extends Stack {
  readonly cluster: ecs.Cluster;
  private readonly logGroup: logs.LogGroup;

  constructor(app: App, name: string) {
    super(app, name);
    const vpc = new ec2.Vpc(this, 'Vpc', { maxAzs: 1, subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }] });
    this.cluster = new ecs.Cluster(this, 'Cluster', { vpc, clusterName: name });
    // Kept, so that a test can read what the tasks of a failed stack printed.
    this.logGroup = new logs.LogGroup(this, 'Logs', { logGroupName: `/e2e/${name}`, removalPolicy: RemovalPolicy.RETAIN });
  }

  define(id: string, containers: Containers): ecs.FargateTaskDefinition {
    const definition = new ecs.FargateTaskDefinition(this, id);
    for (const [name, given] of Object.entries(containers)) {
      const { command, ...options } = typeof given === 'string' ? { command: [given] } : given;
      definition.addContainer(name, {
        image: ecs.ContainerImage.fromRegistry(process.env.E2E_IMAGE!),
        logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'e2e', logGroup: this.logGroup }),
        command: command && ['sh', '-c', ...command],
        ...options,
      });
    }
    return definition;
  }

  run(id: string, containers: Containers, props: Partial<RunTaskProps> = {}): RunTask {
    return this.runDefinition(id, this.define(`${id}Definition`, containers), props);
  }

  runDefinition(id: string, taskDefinition: ecs.TaskDefinition, props: Partial<RunTaskProps> = {}): RunTask {
    return new RunTask(this, id, { cluster: this.cluster, taskDefinition, assignPublicIp: true, ...props });
  }

  /** Shows a folder of this machine to the containers so far, as /shared. */
  share(folder: string): void {
    this.node.findAll().filter((child) => child instanceof ecs.TaskDefinition).forEach((definition) => {
      definition.addVolume({ name: 'shared', host: { sourcePath: folder } });
      definition.defaultContainer!.addMountPoints({ sourceVolume: 'shared', containerPath: '/shared', readOnly: false });
    });
  }

  /** Gives the function less time than its 15 minutes. */
  limitFunctionTo(seconds: number): void {
    this.function.timeout = seconds;
  }

  /** Runs the code of a folder instead of the function's own. */
  replaceFunction(path: string): void {
    const { s3BucketName: s3Bucket, s3ObjectKey: s3Key } = new Asset(this, 'Replacement', { path });
    this.function.code = { s3Bucket, s3Key };
  }

  private get function(): CfnFunction {
    return this.node.findAll().find((child) => child instanceof CfnFunction)!;
  }
}
