import type { Stack } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import { selectSubnets } from '../request/select-subnets';
import { areDifferent } from '../request/validation/account-and-region';
import type { RunTaskFunctionOptions } from '../run-task-config';

/** Lambda accepts neither a role nor a VPC from elsewhere, and finds a log group by its name in its own account and Region only. */
export function* checkPlaceOfSettings({ account, region }: Stack, { role, logGroup, vpc }: RunTaskFunctionOptions): Generator<string> {
  for (const [name, resource] of Object.entries({ role, logGroup })) {
    if (areDifferent(resource?.env.account, account)) {
      yield `${name} of the function must be in the account of the stack, ${account}, got: ${resource?.env.account}; set another ${name} for this stack`;
    }
  }
  for (const [name, resource] of Object.entries({ logGroup, vpc })) {
    if (areDifferent(resource?.env.region, region)) {
      yield `${name} of the function must be in the Region of the stack, ${region}, got: ${resource?.env.region}; set another ${name} for this stack`;
    }
  }
}

/** The CDK's own error suggests a setting that this library does not have, because the function could not reach AWS. */
export function* checkSubnets(firstTask: string, vpc?: ec2.IVpc, vpcSubnets?: ec2.SubnetSelection): Generator<string> {
  const selected = vpc ? selectSubnets(firstTask, 'vpcSubnets of the function', vpc, vpcSubnets).subnets : [];
  const isPublic = (subnet: ec2.ISubnet) => vpc!.publicSubnets.some(({ subnetId }) => subnetId === subnet.subnetId);
  const wrong = selected.find(isPublic);
  if (wrong) {
    yield `vpcSubnets of the function must be private, got: the public subnet '${wrong.node.path}'; select private subnets with a route to AWS, or remove vpc`;
  }
}
