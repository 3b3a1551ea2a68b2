import type { Construct } from 'constructs';
import { Handler, HandlerProps } from './handler-function';
import type { RunTaskProps } from '../run-task-props';

/** Checks the settings of the function, which the tasks of a stack share: the first task sets them. */
export function* checkHandlerProps(scope: Construct, props: RunTaskProps): Generator<string> {
  for (const name of ['handlerVpcSubnets', 'handlerSecurityGroups'] as const) {
    if (props[name] && !props.handlerVpc) {
      yield `${name} is for a function in a VPC only, got no handlerVpc; set it, or remove ${name}`;
    }
  }
  const first = Handler.find(scope)?.props;
  for (const name of first ? ['handlerRole', 'handlerVpc', 'handlerVpcSubnets', 'handlerSecurityGroups'] as const : []) {
    const [actual, expected] = [joinPaths(props, name), joinPaths(first!, name)];
    if (actual && actual !== expected) {
      yield `${name} must be as for the first RunTask of the stack, since all of them share one function, got: ${actual}, and there: ${expected ?? 'none'}; set it on the first one only`;
    }
  }
}

function joinPaths(props: HandlerProps, name: keyof HandlerProps): string | undefined {
  const { handlerRole, handlerVpc, handlerVpcSubnets, handlerSecurityGroups } = props;
  const constructs = {
    handlerRole: handlerRole && [handlerRole],
    handlerVpc: handlerVpc && [handlerVpc],
    handlerVpcSubnets: handlerVpcSubnets && handlerVpc?.selectSubnets(handlerVpcSubnets).subnets,
    handlerSecurityGroups,
  }[name];
  return constructs?.map(({ node }) => node.path).join(', ');
}
