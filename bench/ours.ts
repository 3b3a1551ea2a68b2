import { RunTask } from 'cdk-ecs-run-task';
import type { Ground } from './app';

export function ours(ground: Ground, withSecurityGroup = true) {
  const { cluster, taskDefinition, securityGroup } = ground;
  return (id: string) => {
    new RunTask(ground, id, { cluster, taskDefinition, assignPublicIp: true, securityGroups: withSecurityGroup ? [securityGroup] : undefined });
  };
}
