import * as path from 'path';
import { Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { suppressNagRules } from './nag';
import { Policies } from './policies';
import type { TaskNetwork } from '../request/render-request';
import type { RunTaskProps } from '../run-task-props';
import { INVOCATION_SECONDS } from '../timing';

/** Must never change, nor the ids below it: CloudFormation refuses to change the function of a custom resource. */
const ID = 'EcsRunTaskHandler';

/** The settings of the function. The first task of a stack sets them for all tasks in it. */
export type HandlerProps = Pick<RunTaskProps, 'handlerRole' | 'handlerVpc' | 'handlerVpcSubnets' | 'handlerSecurityGroups'>;

/** The function that runs the tasks of a stack: one function, one role and one policy for any number of tasks. */
export class Handler extends Construct {
  public static findOrCreate(scope: Construct, props: HandlerProps): Handler {
    return Handler.find(scope) ?? new Handler(Stack.of(scope), props);
  }

  public static find(scope: Construct): Handler | undefined {
    return Stack.of(scope).node.tryFindChild(ID) as Handler | undefined;
  }

  public readonly function: lambda.IFunction;
  public readonly policies = new Policies(this);

  /** The network of a function in a VPC. */
  public readonly network?: TaskNetwork;

  private constructor(stack: Stack, public readonly props: HandlerProps) {
    super(stack, ID);
    const { handlerRole, handlerVpc, handlerVpcSubnets, handlerSecurityGroups } = props;

    const role = handlerRole ?? this.createRole();
    this.function = new lambda.Function(this, 'Function', {
      description: 'Runs ECS tasks for CloudFormation and waits for them (cdk-ecs-run-task)',
      code: lambda.Code.fromAsset(path.join(__dirname, '..', '..', 'assets', 'lambda', 'handler')),
      handler: 'index.handler',
      runtime: new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS), // the constant would need aws-cdk-lib 2.225
      timeout: Duration.seconds(INVOCATION_SECONDS),
      memorySize: 256,
      role,
      vpc: handlerVpc,
      vpcSubnets: handlerVpcSubnets,
      securityGroups: handlerSecurityGroups,
    });
    suppressNagRules(this.function, 'function');
    this.network = handlerVpc && {
      vpc: handlerVpc,
      subnets: handlerVpc.selectSubnets(handlerVpcSubnets),
      securityGroups: this.function.connections.securityGroups,
    };
    this.policies.attachTo(role, handlerRole !== undefined, this.function);
  }

  private createRole(): iam.Role {
    const managedPolicy = this.props.handlerVpc ? 'AWSLambdaVPCAccessExecutionRole' : 'AWSLambdaBasicExecutionRole';
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName(`service-role/${managedPolicy}`)],
      // Part of the role, so that the function never exists before its permissions.
      inlinePolicies: { RunTask: this.policies.document },
    });
    suppressNagRules(role, 'role');
    return role;
  }
}
