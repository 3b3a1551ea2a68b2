import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { SubnetType } from 'aws-cdk-lib/aws-ec2';
import type { Ground } from '../app';

/** (d) cdk-fargate-run-task from npm, as its README uses it: it does not wait. */
export function fargateRunTask(ground: Ground) {
  const { RunTask } = createRequire(resolve(__dirname, '../../.local/bench/package.json'))('cdk-fargate-run-task');
  const { cluster, taskDefinition: task, securityGroup } = ground;
  return (id: string) => {
    new RunTask(ground, id, { cluster, task, securityGroup, vpcSubnets: { subnetType: SubnetType.PUBLIC } });
  };
}
