/** An app with tasks that use all there is, their function in a VPC, and more of them than one policy has room for. */
import { App } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { RunTask, RunTaskConfig } from '../../src';
import { everything } from '../support/stacks';

const stack = everything(new App(), {}, (scope, vpc) => {
  RunTaskConfig.of(scope).configureFunction({ vpc });
  return {};
});
for (let index = 0; index < 40; index += 1) {
  const taskDefinition = new ecs.FargateTaskDefinition(stack, `Definition${index}`);
  taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app'), logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'app' }) });
  new RunTask(stack, `Task${index}`, { cluster: stack.node.findChild('Cluster') as ecs.Cluster, taskDefinition });
}
