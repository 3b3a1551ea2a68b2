// What: a pipeline of CDK Pipelines that deploys a stack after each push; the stack runs a migration while it deploys.
// Why: the pipeline needs no migration step and no access to the database. If the migration fails, the deployment fails with
//   the cause in the pipeline, and the pipeline does not deploy the next stages.
// Cost: about 0.10 USD for each push (CodeBuild and CodePipeline by the minute), less than a cent for each migration.
// Run: once, in your own repository, with its name and the ARN of a connection to it in cdk.json:
//   npx cdk deploy Pipeline                    after that, each push deploys the stages and the pipeline itself
import { App, Stack, Stage } from 'aws-cdk-lib';
import * as codepipeline from 'aws-cdk-lib/aws-codepipeline';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as pipelines from 'aws-cdk-lib/pipelines';
import { RunFargateTask } from 'cdk-ecs-run-task';
import { Construct } from 'constructs';

class Shop extends Stage {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const stack = new Stack(this, 'Shop');
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }] });
    new RunFargateTask(stack, 'Migration', {
      vpc,
      assignPublicIp: true,
      image: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/busybox:stable'),
      command: ['echo', 'The shop is migrated.'],
    });
  }
}

const app = new App();
const stack = new Stack(app, 'Pipeline');
const pipeline = new pipelines.CodePipeline(stack, 'Pipeline', {
  codePipeline: new codepipeline.Pipeline(stack, 'CodePipeline', {
    pipelineType: codepipeline.PipelineType.V2,
    crossAccountKeys: false, // a key costs 1 USD a month, and a single account needs none
    restartExecutionOnUpdate: true,
  }),
  synth: new pipelines.ShellStep('Synth', {
    input: pipelines.CodePipelineSource.connection(app.node.tryGetContext('repository'), 'main', {
      connectionArn: app.node.tryGetContext('connectionArn'), // https://docs.aws.amazon.com/dtconsole/latest/userguide/connections-create.html
    }),
    commands: ['npm ci', 'npx cdk synth'],
  }),
});
pipeline.addStage(new Shop(app, 'Test'));
pipeline.addStage(new Shop(app, 'Production'));
