import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient } from '@aws-sdk/client-ecs';
import { IAMClient } from '@aws-sdk/client-iam';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

/** Where the checks run, and the clients for it. Credentials and Region come from the same places as in the CDK CLI. */
export interface Account {
  readonly id: string;
  readonly region: string;
  /** The endpoint of a local engine that stands in for AWS. */
  readonly localEngine?: string;
  readonly cloudFormation: CloudFormationClient;
  /** Creates another client, with its own connections. */
  readonly createCloudFormation: () => CloudFormationClient;
  readonly ecs: ECSClient;
  readonly iam: IAMClient;
  readonly logs: CloudWatchLogsClient;
  readonly tagging: ResourceGroupsTaggingAPIClient;
}

export async function findAccount(): Promise<Account> {
  const sts = new STSClient();
  const [region, { Account: id }] = await Promise.all([sts.config.region(), sts.send(new GetCallerIdentityCommand())]);
  // Several pollers read at the same time: make the SDK wait for the rate limit instead of failing.
  const createCloudFormation = () => new CloudFormationClient({ maxAttempts: 10 });
  return {
    id: id!,
    region,
    localEngine: process.env.AWS_ENDPOINT_URL,
    cloudFormation: createCloudFormation(),
    createCloudFormation,
    ecs: new ECSClient({ maxAttempts: 10 }),
    iam: new IAMClient(),
    logs: new CloudWatchLogsClient(),
    tagging: new ResourceGroupsTaggingAPIClient(),
  };
}
