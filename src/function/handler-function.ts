import * as path from 'path';
import { Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import { Construct } from 'constructs';
import { giveReasons } from './nag';
import { Policies } from './policies';
import type { TaskNetwork } from '../request/render-request';
import type { RunTaskProps } from '../run-task-props';

/** For ever, as are the ids below it: CloudFormation refuses to update a custom resource whose function is another. */
const ID = 'EcsRunTaskHandler';

/** What the first task of a stack says about the function of all of them. */
export type HandlerProps = Pick<RunTaskProps, 'handlerRole' | 'handlerVpc' | 'handlerVpcSubnets' | 'handlerSecurityGroups'>;

/** The function that runs the tasks of a stack: one function, one role, one policy, however many tasks. */
export class Handler extends Construct {
  /** The handler of the stack, made for the first task in it. */
  public static of(scope: Construct, props: HandlerProps = {}): Handler {
    return Handler.existing(scope) ?? new Handler(Stack.of(scope), props);
  }

  public static existing(scope: Construct): Handler | undefined {
    return Stack.of(scope).node.tryFindChild(ID) as Handler | undefined;
  }

  public readonly function: lambda.IFunction;
  public readonly policies = new Policies(this);

  /** Where the function is, if it is in a VPC. */
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
      architecture: hasArm64(stack.region) ? lambda.Architecture.ARM_64 : undefined,
      timeout: Duration.minutes(15),
      memorySize: 256,
      role,
      vpc: handlerVpc,
      vpcSubnets: handlerVpcSubnets,
      securityGroups: handlerSecurityGroups,
    });
    giveReasons(this.function, 'function');
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
      // Part of the role, so that the function is never there before its permissions.
      inlinePolicies: { RunTask: this.policies.document },
    });
    giveReasons(role, 'role');
    return role;
  }
}

/**
 * Whether Lambda has arm64 there, as far as aws-cdk-lib can tell: AWS offers an extension for it in those Regions. In the
 * others, and where only the deployment knows the Region, the function runs on x86, which is everywhere.
 */
function hasArm64(region: string): boolean {
  return RegionInfo.get(region).cloudwatchLambdaInsightsArn('1.0.229.0', 'arm64') !== undefined;
}
