import { FeatureFlags, Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { REDUCE_EC2_FARGATE_CLOUDWATCH_PERMISSIONS } from 'aws-cdk-lib/cx-api';
import type { Construct } from 'constructs';

/** Grants what `enableExecuteCommand` needs, which is what a service of the CDK grants: the session, its encryption and its logs. */
export function grantExecuteCommand(scope: Construct, cluster: ecs.ICluster, role: iam.IRole | undefined): void {
  const { kmsKey, logging = ecs.ExecuteCommandLogging.DEFAULT, logConfiguration } = cluster.executeCommandConfiguration ?? {};
  const isLogged = logging !== ecs.ExecuteCommandLogging.NONE;
  const statements = [
    allow(
      ['ssmmessages:CreateControlChannel', 'ssmmessages:CreateDataChannel', 'ssmmessages:OpenControlChannel', 'ssmmessages:OpenDataChannel'], '*',
    ),
    ...kmsKey ? [allow(['kms:Decrypt', 'kms:GenerateDataKey'], kmsKey.keyArn)] : [],
    ...isLogged ? listLogStatements(scope, logConfiguration) : [],
    ...isLogged ? listBucketStatements(scope, logConfiguration) : [],
  ];
  statements.forEach((statement) => role?.addToPrincipalPolicy(statement));
  if (kmsKey) {
    allowUseOfKey(scope, kmsKey, logging === ecs.ExecuteCommandLogging.DEFAULT || logConfiguration?.cloudWatchEncryptionEnabled === true);
  }
}

function listLogStatements(scope: Construct, { cloudWatchLogGroup }: ecs.ExecuteCommandLogConfiguration = {}): iam.PolicyStatement[] {
  if (!cloudWatchLogGroup && FeatureFlags.of(scope).isEnabled(REDUCE_EC2_FARGATE_CLOUDWATCH_PERMISSIONS)) {
    return [];
  }
  const { partition, region, account } = Stack.of(scope);
  const logGroupName = nameOf(cloudWatchLogGroup, 'logGroupRef', 'logGroupName');
  return [
    allow(['logs:DescribeLogGroups'], '*'),
    allow(['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
      logGroupName ? `arn:${partition}:logs:${region}:${account}:log-group:${logGroupName}:*` : '*'),
  ];
}

function listBucketStatements(scope: Construct, { s3Bucket, s3EncryptionEnabled }: ecs.ExecuteCommandLogConfiguration = {}): iam.PolicyStatement[] {
  const bucketName = nameOf(s3Bucket, 'bucketRef', 'bucketName');
  const arn = `arn:${Stack.of(scope).partition}:s3:::${bucketName}`;
  return bucketName ? [
    allow(['s3:GetBucketLocation'], '*'),
    allow(['s3:PutObject'], `${arn}/*`),
    ...s3EncryptionEnabled ? [allow(['s3:GetEncryptionConfiguration'], arn)] : [],
  ] : [];
}

function allowUseOfKey(scope: Construct, key: kms.IKey, ofLogs: boolean): void {
  const { partition, region, account } = Stack.of(scope);
  key.addToResourcePolicy(new iam.PolicyStatement({
    actions: ['kms:*'], resources: ['*'], principals: [new iam.ArnPrincipal(`arn:${partition}:iam::${account}:root`)],
  }));
  if (ofLogs) {
    key.addToResourcePolicy(new iam.PolicyStatement({
      actions: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
      resources: ['*'],
      principals: [new iam.ServicePrincipal(`logs.${region}.amazonaws.com`)],
      conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:*` } },
    }));
  }
}

function allow(actions: string[], resource: string): iam.PolicyStatement {
  return new iam.PolicyStatement({ actions, resources: [resource] });
}

/** Later versions of aws-cdk-lib also accept an L1, whose name is in another member, and have another type for both. */
function nameOf(construct: object | undefined, ref: string, name: string): string | undefined {
  const members = construct as { readonly [member: string]: any } | undefined;
  return (members?.[ref] ?? members)?.[name];
}
