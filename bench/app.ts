import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** The small app for all measurements: the resources that a task needs, without a task. */
export class Ground extends Stack {
  readonly vpc: ec2.Vpc;
  readonly cluster: ecs.Cluster;
  readonly taskDefinition: ecs.FargateTaskDefinition;
  readonly securityGroup: ec2.SecurityGroup;

  constructor(app: App, id = 'Shop', image = 'migrate', command?: string[]) {
    super(app, id);
    // Public, because a local engine has no NAT gateways. The subnet makes no difference to the tasks.
    this.vpc = new ec2.Vpc(this, 'Vpc', { maxAzs: 1, subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }] });
    this.cluster = new ecs.Cluster(this, 'Cluster', { vpc: this.vpc });
    this.securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', { vpc: this.vpc });
    this.taskDefinition = new ecs.FargateTaskDefinition(this, 'Definition');
    this.taskDefinition.addContainer('app', {
      image: ecs.ContainerImage.fromRegistry(image),
      command,
      logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'app', logGroup: new logs.LogGroup(this, 'Logs') }),
    });
  }
}

/** The small app with 400 more resources: fifty groups of resources that the ordering of tasks must search. */
export class Large extends Ground {
  constructor(app: App) {
    super(app);
    for (let number = 1; number <= 50; number++) {
      const part = new Construct(this, `Part${number}`);
      const definition = new ecs.FargateTaskDefinition(part, 'Definition'); // and its role
      definition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
      const queue = new sqs.Queue(part, 'Queue');
      queue.grantSendMessages(definition.taskRole); // a policy
      const group = new ec2.SecurityGroup(part, 'Group', { vpc: this.vpc });
      group.addIngressRule(this.securityGroup, ec2.Port.tcp(5432));
      this.securityGroup.addIngressRule(group, ec2.Port.tcp(80)); // another resource
      new logs.LogGroup(part, 'Logs');
    }
  }
}

/** A way to run a task in a deployment. What tasks share is created once; each call then adds a task. */
export type Way = (ground: Ground) => (id: string) => void;
