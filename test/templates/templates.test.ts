import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { checkout, folders } from '../e2e/engine/folders';
import { installFromPypi, run } from '../e2e/engine/packages';

/** What the examples are told: nothing that is looked up. */
const CONTEXT = {
  'databaseSecret': 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-abcdef',
  '@aws-cdk/core:validateAgainstDefaultRules': true, // of aws-cdk-lib 2.262 and later: violations are errors
};

/** What cdk-nag may say of resources that are not ours, and why they are nevertheless so. */
const ACCEPTED: { [rule: string]: string } = {
  'AwsSolutions-VPC7': 'Flow logs would cost more than the rest of an example.',
  'NIST.800.53.R5-VPCFlowLogsEnabled': 'As above.',
  'AwsSolutions-ECS4': 'Container Insights would, too.',
  'NIST.800.53.R5-VPCDefaultSecurityGroupClosed': 'Nothing uses it. To close it takes a function of the CDK.',
  'NIST.800.53.R5-VPCSubnetAutoAssignPublicIpDisabled': 'Public subnets are so in the CDK.',
  'NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW': 'It is what makes a subnet public.',
  'NIST.800.53.R5-CloudWatchLogGroupEncrypted': 'CloudWatch Logs encrypts them with a key of its own.',
  'NIST.800.53.R5-CloudWatchLogGroupRetentionPeriod': 'It is that of the CDK where nobody sets one.',
  'NIST.800.53.R5-IAMNoInlinePolicy': 'So are the grants of the CDK.',
  'AwsSolutions-IAM4': 'ECS has a policy of AWS for volumes.',
  'AwsSolutions-IAM5': 'ecr:GetAuthorizationToken cannot be limited to a repository.',
  'AwsSolutions-SMG4': 'To rotate the secret of a database takes a function of AWS in its VPC, and a way from there to Secrets Manager.',
  'NIST.800.53.R5-SecretsManagerRotationEnabled': 'As above.',
  'NIST.800.53.R5-SecretsManagerUsingKMSKey': 'Secrets Manager encrypts them with a key of its own.',
  'AwsSolutions-RDS6': 'psql has no token of IAM for a password.',
  'AwsSolutions-RDS10': 'The database of an example is deleted with it.',
  'NIST.800.53.R5-RDSInstanceDeletionProtectionEnabled': 'As above.',
  'NIST.800.53.R5-RDSInBackupPlan': 'As above.',
  'NIST.800.53.R5-RDSLoggingEnabled': 'Its log would cost more than its storage.',
  'NIST.800.53.R5-RDSEnhancedMonitoringEnabled': 'As above.',
  'CdkNagValidationFailure': 'The port of a database is known at deployment, and cdk-nag cannot judge a rule for it.',
  'AwsSolutions-DDB3': 'The table of an example can be loaded again at any time.',
  'NIST.800.53.R5-DynamoDBPITREnabled': 'As above.',
  'NIST.800.53.R5-DynamoDBInBackupPlan': 'As above.',
  'AwsSolutions-ECS2': 'What is in the environment of an example is no secret.',
  'AwsSolutions-AS3': 'Nobody has to hear of the group of an example.',
  'NIST.800.53.R5-CloudWatchAlarmAction': 'Whom an alarm notifies is up to the user of the example, whose comment says so.',
  'AwsSolutions-ELB2': 'Access logs take a bucket.',
  'NIST.800.53.R5-ELBLoggingEnabled': 'As above.',
  'NIST.800.53.R5-ELBDeletionProtectionEnabled': 'The load balancer of an example is deleted with it.',
  'NIST.800.53.R5-ALBWAFEnabled': 'It is an internal one.',
  'NIST.800.53.R5-ALBHttpToHttpsRedirection': 'A certificate takes a domain of the user.',
  'NIST.800.53.R5-ELBv2ACMCertificateRequired': 'As above.',
  'AwsSolutions-S1': 'Access logs of the artifacts of a pipeline take a bucket.',
  'NIST.800.53.R5-S3BucketLoggingEnabled': 'As above.',
  'NIST.800.53.R5-S3BucketReplicationEnabled': 'The next push makes the artifacts of a pipeline again.',
  'NIST.800.53.R5-S3BucketVersioningEnabled': 'As above.',
  'AwsSolutions-CB4': 'A key costs 1 USD a month; CodeBuild encrypts with that of S3.',
};

const examples = readdirSync(join(checkout, 'examples')).filter((name) => existsSync(join(checkout, 'examples', name, 'app.ts')));
const apps = new Map([
  ...examples.map((name): [string, string] => [name, join('examples', name, 'app.ts')]),
  ['everything', 'test/templates/everything.ts'],
]);

const outdirOf = (name: string) => join(folders.templates, name);

const filesOf = (name: string, ending: string) =>
  readdirSync(outdirOf(name), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith(ending)); // also of stages

async function synthesize(name: string, app: string): Promise<void> {
  mkdirSync(outdirOf(name), { recursive: true });
  const settings = join(checkout, dirname(app), 'cdk.json');
  const { context } = existsSync(settings) ? JSON.parse(readFileSync(settings, 'utf8')) : {};
  await promisify(execFile)(process.execPath, [
    require.resolve('tsx/cli'), '--tsconfig', join(checkout, 'test/tsconfig.json'), '--require', join(__dirname, 'with-nag.ts'), join(checkout, app),
  ], { env: { ...process.env, CDK_OUTDIR: outdirOf(name), CDK_CONTEXT_JSON: JSON.stringify({ ...context, ...CONTEXT }) } });
}

beforeAll(async () => {
  rmSync(folders.templates, { recursive: true, force: true });
  const waiting = [...apps];
  const synthesizeInTurn = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      await synthesize(...next);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, synthesizeInTurn));
}, 300_000);

describe.each([...apps.keys()])('%s', (name) => {
  const read = (file: string) => JSON.parse(readFileSync(join(outdirOf(name), file), 'utf8'));

  test('has nothing that cdk-nag finds in what is ours, and elsewhere only what is accepted', () => {
    const metadata = filesOf(name, 'manifest.json').flatMap((manifest) => Object.values<any>(read(manifest).artifacts).flatMap((artifact) => [
      ...Object.entries<any[]>(artifact.metadata ?? {}),
      ...Object.entries<any[]>(artifact.additionalMetadataFile ? read(join(dirname(manifest), artifact.additionalMetadataFile)) : {}), // of later versions
    ]));
    const findings = metadata.flatMap(([path, entries]) => entries.flatMap(({ data }) => {
      const [rule] = /^(AwsSolutions|NIST|CdkNag)[\w.-]+/.exec(data) ?? [];
      return rule ? [{ path, rule, data }] : [];
    }));
    const isOurs = (path: string) => /\/(EcsRunTaskHandler|OnDelete)\//.test(path);

    expect(findings).not.toEqual([]); // there are always some that are not ours
    expect(findings.filter(({ path, rule }) => isOurs(path) || !(rule in ACCEPTED))).toEqual([]);
  });

  test('has nothing that aws-cdk-lib itself calls an error', () => {
    const { pluginReports } = existsSync(join(outdirOf(name), 'validation-report.json')) ? read('validation-report.json') : { pluginReports: [] };
    const violations = pluginReports.flatMap((report: any) => report.violations);

    expect(violations.filter(({ severity }: any) => /error|fatal/i.test(severity))).toEqual([]);
  });
});

test('cfn-lint finds nothing in any template', () => {
  const python = installFromPypi('cfn-lint', folders.cfnLint, join(__dirname, 'requirements.txt'));
  const templates = [...apps.keys()].flatMap((name) => filesOf(name, '.template.json').map((file) => join(outdirOf(name), file)));
  // What the CDK depends on, it always writes down, referred to or not. The role of a pipeline's action it joins.
  run(join(python, 'bin', 'cfn-lint'), ['--ignore-checks', 'W3005', 'E3703', '--', ...templates]);
});
