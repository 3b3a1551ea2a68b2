import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { REDUCE_EC2_FARGATE_CLOUDWATCH_PERMISSIONS } from 'aws-cdk-lib/cx-api';
import { RunFargateTask, RunTask } from '../../src/index';

const { NONE, DEFAULT, OVERRIDE } = ecs.ExecuteCommandLogging;
type Configuration = (stack: Stack) => ecs.ExecuteCommandConfiguration;

interface Given {
  readonly stack: Stack;
  readonly cluster: ecs.ICluster;
  readonly define: (id: string) => ecs.FargateTaskDefinition;
}

/** The policies of the task roles and of the keys, with what the function adds. */
function policiesWith(make: (given: Given) => void, configuration: Configuration | undefined, flag: boolean, isImported: boolean) {
  const app = new App({ context: { [REDUCE_EC2_FARGATE_CLOUDWATCH_PERMISSIONS]: flag } });
  const stack = new Stack(app, 'Stack');
  const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-00000001', availabilityZones: ['a'], privateSubnetIds: ['subnet-0000000a'] });
  const executeCommandConfiguration = configuration?.(stack);
  const cluster = isImported
    ? ecs.Cluster.fromClusterAttributes(stack, 'Cluster', { clusterName: 'shop', vpc, executeCommandConfiguration })
    : new ecs.Cluster(stack, 'Cluster', { vpc, executeCommandConfiguration });
  const define = (id: string) => {
    const definition = new ecs.FargateTaskDefinition(stack, id);
    definition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    return definition;
  };
  make({ stack, cluster, define });
  const template = Template.fromStack(stack);
  const policies = Object.values<any>(template.findResources('AWS::IAM::Policy')).map(({ Properties }) => Properties)
    .filter(({ Roles }) => /TaskRole/.test(JSON.stringify(Roles)));
  return {
    roles: policies.map(({ PolicyDocument }) => PolicyDocument.Statement),
    keys: Object.values<any>(template.findResources('AWS::KMS::Key')).map(({ Properties }) => Properties.KeyPolicy),
  };
}

const service = ({ stack, cluster, define }: Given) =>
  new ecs.FargateService(stack, 'Service', { cluster, taskDefinition: define('Definition'), enableExecuteCommand: true });

const key: Configuration = (stack) => ({ kmsKey: new kms.Key(stack, 'Key') });
const logConfiguration = (stack: Stack): ecs.ExecuteCommandLogConfiguration =>
  ({ cloudWatchLogGroup: new logs.LogGroup(stack, 'Sessions'), s3Bucket: new s3.Bucket(stack, 'Bucket'), s3KeyPrefix: 'exec' });

const CONFIGURATIONS: [string, Configuration | undefined][] = [
  ['no configuration', undefined],
  ['an empty configuration', () => ({})],
  ['no logging', () => ({ logging: NONE })],
  ['default logging', () => ({ logging: DEFAULT })],
  ['a key', key],
  ['a key and default logging', (stack) => ({ ...key(stack), logging: DEFAULT })],
  ['a key without logging', (stack) => ({ ...key(stack), logging: NONE })],
  ['an imported key', (stack) => ({ kmsKey: kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:111122223333:key/0a1b2c') })],
  ['a log group', (stack) => ({ logging: OVERRIDE, logConfiguration: { cloudWatchLogGroup: new logs.LogGroup(stack, 'Sessions') } })],
  ['an imported log group',
    (stack) => ({ logging: OVERRIDE, logConfiguration: { cloudWatchLogGroup: logs.LogGroup.fromLogGroupName(stack, 'Sessions', '/exec') } })],
  ['an encrypted log group', (stack) => ({
    ...key(stack), logging: OVERRIDE, logConfiguration: { cloudWatchLogGroup: new logs.LogGroup(stack, 'Sessions'), cloudWatchEncryptionEnabled: true },
  })],
  ['a log group with a key that is not for it',
    (stack) => ({ ...key(stack), logging: OVERRIDE, logConfiguration: { cloudWatchLogGroup: new logs.LogGroup(stack, 'Sessions') } })],
  ['a bucket', (stack) => ({ logging: OVERRIDE, logConfiguration: { s3Bucket: new s3.Bucket(stack, 'Bucket') } })],
  ['an encrypted bucket', (stack) => ({
    ...key(stack), logging: OVERRIDE, logConfiguration: { s3Bucket: new s3.Bucket(stack, 'Bucket'), s3EncryptionEnabled: true },
  })],
  ['an imported bucket', (stack) => ({
    logging: OVERRIDE, logConfiguration: { s3Bucket: s3.Bucket.fromBucketName(stack, 'Bucket', 'exec'), s3EncryptionEnabled: true },
  })],
  ['everything, encrypted', (stack) => ({
    ...key(stack), logging: OVERRIDE, logConfiguration: { ...logConfiguration(stack), cloudWatchEncryptionEnabled: true, s3EncryptionEnabled: true },
  })],
];

describe.each([['off', false], ['on', true]])('with reduced permissions %s, enableExecuteCommand grants what a FargateService grants, with', (_, flag) => {
  test.each(CONFIGURATIONS)('%s', (__, configuration) => {
    const expected = policiesWith(service, configuration, flag, false);
    const actual = policiesWith(
      ({ stack, cluster, define }) => new RunTask(stack, 'Task', { cluster, taskDefinition: define('Definition'), enableExecuteCommand: true }),
      configuration, flag, false);

    expect(expected.roles).toHaveLength(1);
    expect(actual).toEqual(expected);
  });
});

test.each(CONFIGURATIONS)('enableExecuteCommand grants what a FargateService grants on an imported cluster, with %s', (_, configuration) => {
  const make = ({ stack, cluster, define }: Given) =>
    new RunTask(stack, 'Task', { cluster, taskDefinition: define('Definition'), enableExecuteCommand: true });

  expect(policiesWith(make, configuration, true, true)).toEqual(policiesWith(service, configuration, true, true));
});

describe('enableExecuteCommand grants the same', () => {
  const [, all] = CONFIGURATIONS[CONFIGURATIONS.length - 1];
  const expected = policiesWith(service, all, false, false);

  test('to the task role of onDelete', () => {
    const { roles, keys } = policiesWith(({ stack, cluster, define }) => new RunTask(stack, 'Task', {
      cluster, taskDefinition: define('Definition'), enableExecuteCommand: true, onDelete: { taskDefinition: define('OnDelete') },
    }), all, false, false);

    expect({ roles, keys }).toEqual({ roles: [...expected.roles, ...expected.roles], keys: expected.keys });
  });

  test('to the task role of RunFargateTask', () => {
    expect(policiesWith(({ stack, cluster }) => new RunFargateTask(stack, 'Task', {
      cluster, image: ecs.ContainerImage.fromRegistry('app'), enableExecuteCommand: true,
    }), all, false, false)).toEqual(expected);
  });

  test('to the task role of an override', () => {
    expect(policiesWith(({ stack, cluster, define }) => new RunTask(stack, 'Task', {
      cluster,
      taskDefinition: define('Definition'),
      enableExecuteCommand: true,
      taskOverrides: { taskRole: new iam.Role(stack, 'OtherTaskRole', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') }) },
    }), all, false, false)).toEqual(expected);
  });
});
