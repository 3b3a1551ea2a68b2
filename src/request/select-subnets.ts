import type * as ec2 from 'aws-cdk-lib/aws-ec2';

/** The CDK's own error names neither the construct nor the prop. */
export function selectSubnets(path: string, prop: string, vpc: ec2.IVpc, selection?: ec2.SubnetSelection): ec2.SelectedSubnets {
  try {
    return vpc.selectSubnets(selection);
  } catch (error) {
    throw new Error(`[${path}] ${prop} must select subnets that the VPC '${vpc.node.path}' has, got: ${(error as Error).message}; set vpcSubnets to subnets of that VPC`);
  }
}
