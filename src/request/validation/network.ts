import { hasWrongLength } from './limits';
import type { RunTaskProps } from '../../run-task-props';
import type { Request } from '../render-request';
import { hasNetworkSettings, isAwsvpc, findNetworkMode, findVpc } from '../task-definition';

export function* checkNetwork(props: RunTaskProps, request: Request): Generator<string> {
  if (isAwsvpc(props) && !findVpc(props)) {
    yield 'cluster must have a VPC for network mode awsvpc, got: none; import the cluster with Cluster.fromClusterAttributes and its vpc';
  }
  if (!isAwsvpc(props) && hasNetworkSettings(props)) {
    yield `vpcSubnets, securityGroups and assignPublicIp can only be set for network mode awsvpc, got: ${findNetworkMode(props.taskDefinition)}; remove them, or change the networkMode of the taskDefinition`;
  }
  const { subnets, securityGroups } = request.networkConfiguration?.awsvpcConfiguration ?? {};
  if (subnets?.length === 0) {
    yield 'vpcSubnets must select at least one subnet for network mode awsvpc, got: none; select a type of subnet that the VPC has';
  } else if (hasWrongLength('vpcSubnets', subnets)) {
    yield `vpcSubnets must select at most 16 subnets, got: ${subnets.length}`;
  }
  if (hasWrongLength('securityGroups', securityGroups)) {
    yield `securityGroups must have at most 5 items, got: ${securityGroups.length}`;
  }
}
