import { App, CfnParameter, CfnResource, Fn, Stack, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { RESOURCE_TYPE } from '../../src/contract';
import { RunFargateTask, RunTask, RunTaskConfig } from '../../src/index';
import { expectNotToWaitFor, expectToWaitFor, resourceOf } from '../support/expectations';

type ListOf = (name: string) => string[];

/** Lists whose members, and their number, only the deployment knows, and how the template refers to them. */
const LISTS: [string, (stack: Stack) => ListOf, (name: string) => object][] = [
  ['a list parameter', (stack) => (name) => new CfnParameter(stack, name, { type: 'List<String>' }).valueAsList, (name) => ({ Ref: name })],
  ['a split export', () => (name) => Fn.split(',', Fn.importValue(name)), (name) => ({ 'Fn::Split': [',', { 'Fn::ImportValue': name }] })],
  ['a list in SSM', (stack) => (parameterName) =>
    ssm.StringListParameter.fromListParameterAttributes(stack, `${parameterName}List`, { parameterName }).stringListValue,
  (name) => ({ Ref: `${name}ListParameter` })],
];

describe.each(LISTS)('with %s', (_, listsOf, rendered) => {
  function given(withGroups = false, ofFunction = false) {
    const stack = new Stack(new App(), 'Stack');
    const list = listsOf(stack);
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-00000001', availabilityZones: list('Zones'), privateSubnetIds: list('Subnets'), privateSubnetRouteTableIds: list('Tables'),
    });
    const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
    const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Definition');
    taskDefinition.addContainer('app', { image: ecs.ContainerImage.fromRegistry('app') });
    const groups = withGroups ? list('Groups').map((id) => ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', id)) : undefined;
    if (ofFunction) {
      RunTaskConfig.of(stack).configureFunction({ vpc, securityGroups: groups });
    }
    const task = new RunTask(stack, 'Task', { cluster, taskDefinition, securityGroups: groups });
    return { stack, vpc, cluster, taskDefinition, task };
  }

  const firstOf = (name: string): string => Fn.select(0, Token.asList(rendered(name)));

  test('for its subnets and security groups, the task has all of them', () => {
    const { stack } = given(true);
    const [resource] = Object.values(Template.fromStack(stack).findResources(RESOURCE_TYPE));

    expect(resource.Properties.Request.networkConfiguration.awsvpcConfiguration)
      .toEqual({ subnets: rendered('Subnets'), securityGroups: rendered('Groups'), assignPublicIp: 'DISABLED' });
  });

  test('for the subnets and security groups of the function, the function has all of them', () => {
    const { stack } = given(true, true);
    const [{ Properties }] = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'));

    expect(Properties.VpcConfig).toEqual({ SubnetIds: rendered('Subnets'), SecurityGroupIds: rendered('Groups') });
  });

  test('for its subnets, the task has its own security group', () => {
    const { stack, task } = given();

    expectToWaitFor(resourceOf(task), 'Stack/Task/SecurityGroup/Resource');
    Template.fromStack(stack).resourceCountIs('AWS::EC2::SecurityGroup', 1);
  });

  test('the task waits for the rules, routes and associations that name a member of a list', () => {
    const { stack, task } = given(true);
    new ec2.CfnSecurityGroupIngress(stack, 'Rule', { groupId: 'sg-00000002', sourceSecurityGroupId: firstOf('Groups'), ipProtocol: '-1' });
    new ec2.CfnRoute(stack, 'Route', { routeTableId: firstOf('Tables'), destinationCidrBlock: '0.0.0.0/0', transitGatewayId: 'tgw-00000001' });
    new ec2.CfnSubnetRouteTableAssociation(stack, 'Association', { subnetId: firstOf('Subnets'), routeTableId: 'rtb-00000001' });
    new ec2.CfnRoute(stack, 'Stranger', { routeTableId: firstOf('Zones'), destinationCidrBlock: '0.0.0.0/0', transitGatewayId: 'tgw-00000001' });

    expectToWaitFor(resourceOf(task), 'Stack/Rule', 'Stack/Route', 'Stack/Association');
    expectNotToWaitFor(resourceOf(task), 'Stack/Stranger');
  });

  test('the task of a service has the subnets and security groups of the service, and waits for what names a member of a list', () => {
    const { stack, cluster, taskDefinition } = given();
    const groups = listsOf(stack)('Groups').map((id) => ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', id));
    const service = new ecs.FargateService(stack, 'Web', { cluster, taskDefinition, securityGroups: groups });
    const task = RunTask.forService(stack, 'Migration', service);
    new ec2.CfnSecurityGroupIngress(stack, 'Rule', { groupId: 'sg-00000002', sourceSecurityGroupId: firstOf('Groups'), ipProtocol: '-1' });
    new ec2.CfnRoute(stack, 'Route', { routeTableId: firstOf('Tables'), destinationCidrBlock: '0.0.0.0/0', transitGatewayId: 'tgw-00000001' });
    new ec2.CfnSubnetRouteTableAssociation(stack, 'Association', { subnetId: firstOf('Subnets'), routeTableId: 'rtb-00000001' });
    const { Properties } = Template.fromStack(stack).toJSON().Resources[stack.resolve((resourceOf(task) as CfnResource).logicalId)];

    expect(Properties.Request.networkConfiguration.awsvpcConfiguration)
      .toEqual({ subnets: rendered('Subnets'), securityGroups: rendered('Groups'), assignPublicIp: 'DISABLED' });
    expectToWaitFor(resourceOf(task), 'Stack/Rule', 'Stack/Route', 'Stack/Association');
    expectToWaitFor(service.node.defaultChild!, 'Stack/Migration/Resource');
  });
});

test('a member of a list where a text belongs is rejected with the path of the resource', () => {
  const stack = new Stack(new App(), 'Stack');
  const [member] = new CfnParameter(stack, 'List', { type: 'List<String>' }).valueAsList;
  const cluster = new ecs.Cluster(stack, 'Cluster');
  new RunFargateTask(stack, 'Task', { cluster, image: ecs.ContainerImage.fromRegistry('app'), environment: { A: member }, tags: { team: member } });

  expect(() => Template.fromStack(stack)).toThrow(/^\[Stack\/Task\/.*Found an encoded list token string in a scalar string context\. Use 'Fn\.select\(0, list\)'/);
});
