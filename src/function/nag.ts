import type { CfnResource } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

const WILDCARDS = 'Only ECS knows the ids of tasks and the names of their log streams, a deployment runs a new revision of the family, '
  + 'and ListTasks and DescribeTaskDefinition cannot be limited to a resource. Where there can be a condition, it names the cluster.';
const INLINE = 'It belongs to this role only.';

/** Why the rules of AwsSolutions and NIST 800-53 r5 do not apply to the function, its role and its policies. */
const REASONS = {
  role: {
    'AwsSolutions-IAM4': 'This policy of AWS allows the function to write its own log, and in a VPC to have its network interfaces.',
    'AwsSolutions-IAM5': WILDCARDS,
    'NIST.800.53.R5-IAMNoInlinePolicy': `${INLINE} As a part of it, it is there whenever the function is.`,
  },
  policy: {
    'AwsSolutions-IAM5': WILDCARDS,
    'NIST.800.53.R5-IAMNoInlinePolicy': INLINE,
  },
  function: {
    'NIST.800.53.R5-LambdaConcurrency': 'CloudFormation limits how many resources it makes at a time. A reserve would be missing elsewhere in the account.',
    'NIST.800.53.R5-LambdaDLQ': 'A request without an answer fails the deployment, which is where somebody looks.',
    'NIST.800.53.R5-LambdaInsideVPC': 'It calls AWS only. RunTaskConfig can put it into a VPC.',
  },
};

/** Suppresses rules in the metadata that cdk-nag reads: https://github.com/cdklabs/cdk-nag */
export function suppressNagRules(construct: IConstruct, kind: keyof typeof REASONS): void {
  const resource = construct.node.defaultChild as CfnResource | undefined; // a role that the user creates manually has none
  resource?.addMetadata('cdk_nag', { rules_to_suppress: Object.entries(REASONS[kind]).map(([id, reason]) => ({ id, reason })) });
}
