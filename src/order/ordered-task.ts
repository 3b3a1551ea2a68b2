import type { CfnResource } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';
import { Handler } from '../function/handler-function';
import type { TaskNetwork } from '../request/render-request';
import type { RunTaskProps } from '../run-task-props';

/** A task, and everything that decides about its place in the order. */
export interface OrderedTask {
  readonly props: RunTaskProps;
  /** The task itself, and the task that a Delete runs. */
  readonly runs: RunTaskProps[];
  readonly network?: TaskNetwork;
  readonly securityGroups: ec2.ISecurityGroup[];
  readonly resource: CfnResource;
  /** The resource that waits for the end of a task of several hours; otherwise the same resource. */
  readonly last: CfnResource;
  /** The scopes that the task waits for. */
  readonly after: IConstruct[];
  /** The scopes that wait for the task. */
  readonly before: IConstruct[];
}

/** The networks of the task and of the function, which also needs its routes. */
export function findNetworks({ network, resource }: OrderedTask): TaskNetwork[] {
  return [network, Handler.find(resource)?.network].filter((found) => found !== undefined);
}
