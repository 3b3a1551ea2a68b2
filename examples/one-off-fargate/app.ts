// What: loads the first items of a DynamoDB table during `cdk deploy`, with a container that runs once, on Fargate Spot.
// Why: later resources need the reference data in the table. If loading the items fails, the deployment rolls back, with the
//   cause in its error and the full log in CloudWatch.
// Cost: less than a cent for each run (a minute of 0.25 vCPU on Spot, and its public address); the table next to nothing.
//   No NAT gateway. `cdk destroy` keeps the log group, whose events expire within a month.
// Run: in this folder, into your account:
//   npx cdk deploy
import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { RunFargateTask } from 'cdk-ecs-run-task';

const stack = new Stack(new App(), 'OneOff');
const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }] });
const table = new dynamodb.Table(stack, 'Currencies', {
  partitionKey: { name: 'code', type: dynamodb.AttributeType.STRING },
  billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
  removalPolicy: RemovalPolicy.DESTROY,
});

const currencies = ['CHF', 'EUR', 'USD'];
const load = new RunFargateTask(stack, 'Load', {
  vpc,
  assignPublicIp: true, // instead of a NAT gateway
  image: ecs.ContainerImage.fromRegistry('public.ecr.aws/aws-cli/aws-cli:2.31.0'),
  command: ['dynamodb', 'batch-write-item', '--request-items', stack.toJsonString({
    [table.tableName]: currencies.map((code) => ({ PutRequest: { Item: { code: { S: code } } } })),
  })],
  environment: { AWS_REGION: stack.region },
  capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
  retryAttempts: 3, // AWS can reclaim Spot capacity; the command is idempotent
  timeout: Duration.minutes(10),
});
table.grantWriteData(load);
