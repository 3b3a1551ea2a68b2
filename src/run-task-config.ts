import { RemovalPolicy, Stack, Stage, Token } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { IConstruct } from 'constructs';
import { checkValues, describeValue } from './given-values';
import { throwErrors } from './throw-errors';

/** The settings that belong together: the nearest scope that sets one of them decides about all of them. */
const NETWORK = ['vpc', 'vpcSubnets', 'securityGroups'];
const LOGS = ['logGroup', 'logRetention', 'logRemovalPolicy'];
const GROUPS = [['role'], NETWORK, LOGS, ['tracing']];

const CONFIG = Symbol.for('cdk-ecs-run-task.RunTaskConfig');

/**
 * Options for the Lambda functions that run the tasks.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-functions.html
 */
export interface RunTaskFunctionOptions {
  /**
   * The execution role of the functions. Lambda must be allowed to assume it, and it needs the managed policy
   * `service-role/AWSLambdaBasicExecutionRole`, or `service-role/AWSLambdaVPCAccessExecutionRole` in a VPC.
   *
   * The role is granted the permissions that a function requires to run the tasks. An immutable role, such as a role from
   * `withoutPolicyUpdates`, is not changed: it must have
   * [these permissions](https://github.com/cdk-ecs-run-task/cdk-ecs-run-task/blob/main/docs/permissions.md).
   *
   * Setting it after the scope has a `RunTask` is an error.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
   * @default - a new role for each function
   */
  readonly role?: iam.IRole;

  /**
   * The VPC in which to run the functions.
   *
   * Through a NAT gateway or VPC endpoints, the functions must reach ECS, CloudFormation, Lambda, CloudWatch Logs, and S3, which receives
   * their responses. Setting it after the scope has a `RunTask` is an error.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
   * @default - the functions are not in a VPC
   */
  readonly vpc?: ec2.IVpc;

  /**
   * The subnets in which to run the functions. They cannot be public, because a function has no public IP address.
   *
   * Setting them without `vpc`, or after the scope has a `RunTask`, is an error.
   *
   * @default - the private subnets of `vpc`
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The security groups to associate with the functions.
   *
   * Setting them without `vpc`, or after the scope has a `RunTask`, is an error.
   *
   * @default - a new security group for each function, which allows all outbound traffic
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * The log group of the functions, for example a log group with a KMS key. Setting it together with `logRetention` or
   * `logRemovalPolicy` is an error.
   *
   * @default - Lambda creates a log group for each function, unless `logRetention` or `logRemovalPolicy` is set
   */
  readonly logGroup?: logs.ILogGroup;

  /**
   * The number of days to keep the log events of the functions. If it is set, the library creates a log group for each function.
   *
   * @default - two years if `logRemovalPolicy` is set; otherwise the log retention of `CustomResourceConfig`, or events never expire
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * The removal policy of the functions' log groups. If it is set, the library creates a log group for each function.
   *
   * @default - the log groups are retained if `logRetention` is set; otherwise the removal policy of `CustomResourceConfig` applies
   */
  readonly logRemovalPolicy?: RemovalPolicy;

  /**
   * The environment variables of the functions, such as `AWS_USE_FIPS_ENDPOINT`.
   *
   * Each call and each scope adds its variables. If several scopes set the same variable, the value of the nearest scope
   * applies.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Whether the functions send traces to AWS X-Ray. Their roles are granted the required permissions.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
   * @default Tracing.DISABLED
   */
  readonly tracing?: lambda.Tracing;
}

/**
 * Configures the functions that run the tasks of an app, a stage or a stack.
 *
 * All tasks of a stack share one function. If several scopes around a stack set the same option, the nearest scope applies. Options that
 * belong together, such as `logRetention` and `logRemovalPolicy`, come from one scope.
 */
export class RunTaskConfig {
  /**
   * Returns the configuration of a scope.
   *
   * @param scope An app, a stage or a stack.
   */
  public static of(scope: IConstruct): RunTaskConfig {
    if (!Stage.isStage(scope) && !Stack.isStack(scope)) {
      throw new Error(`[${scope.node.path}] RunTaskConfig.of requires an App, a Stage or a Stack, because all tasks of a stack share one function; `
        + 'pass Stack.of(...) of this construct');
    }
    const holder = scope as unknown as { [CONFIG]?: RunTaskConfig };
    return holder[CONFIG] ??= new RunTaskConfig(scope);
  }

  /**
   * Returns a function that reads the options of the scopes around a follower, and applies later changes to the follower.
   *
   * @internal
   */
  public static _follow(follower: ConfigFollower): () => RunTaskFunctionOptions {
    const scopes = follower.node.scopes.filter((scope) => Stage.isStage(scope) || Stack.isStack(scope)).reverse();
    const configs = scopes.map((scope) => RunTaskConfig.of(scope));
    configs.forEach(({ followers }) => followers.push(follower));
    return () => mergeOptions(configs.map(({ options }) => options));
  }

  private options: RunTaskFunctionOptions = {};
  private readonly followers: ConfigFollower[] = [];

  private constructor(private readonly scope: IConstruct) {}

  /**
   * Configures the functions of this scope.
   *
   * You can call this method several times: options that you leave out keep their values. Some options belong together: setting `vpc`,
   * `vpcSubnets` or `securityGroups` replaces all three, and setting `logGroup`, `logRetention` or `logRemovalPolicy` replaces all three.
   *
   * The role and the network must be set before the scope has a `RunTask`. All other options can be set until synthesis.
   *
   * @param options The options to set.
   */
  public configureFunction(options: RunTaskFunctionOptions): void {
    throwErrors(this.scope.node.path || 'App', [...checkValues(options), ...this.check(options)]);
    const set = removeUndefined(options);
    // What belongs together is set together.
    const replaced = GROUPS.filter((names) => names.some((name) => name in set)).flat();
    const kept = Object.fromEntries(Object.entries(this.options).filter(([name]) => !replaced.includes(name)));
    this.options = { ...kept, ...set, environment: { ...this.options.environment, ...options.environment } };
    this.followers.forEach((follower) => follower.applyConfig());
  }

  private *check(options: RunTaskFunctionOptions): Generator<string> {
    const [first] = this.followers;
    for (const name of ['role', 'vpc', 'vpcSubnets', 'securityGroups'] as const) {
      if (options[name] && first) {
        yield `${name} of the function must be set before the first RunTask of the scope, but it was set after '${first.firstTask}'; call RunTaskConfig.of(...).configureFunction earlier`;
      }
    }
    const enums = { logRetention: logs.RetentionDays, logRemovalPolicy: RemovalPolicy, tracing: lambda.Tracing };
    for (const [name, members] of Object.entries(enums)) {
      const value = options[name as keyof typeof enums];
      const values = Object.values(members).filter((member) => !(member in members && typeof members[member as keyof typeof members] === 'number'));
      if (value !== undefined && !Token.isUnresolved(value) && !values.includes(value)) {
        yield `${name} of the function must be one of ${values.join(', ')}, got: ${describeValue(value)}`;
      }
    }
    for (const name of ['vpcSubnets', 'securityGroups'] as const) {
      if (options[name] && !options.vpc) {
        yield `${name} of the function must be set together with vpc, got: no vpc; set vpc, or remove ${name}`;
      }
    }
    for (const name of ['logRetention', 'logRemovalPolicy'] as const) {
      if (options[name] && options.logGroup) {
        yield `${name} and logGroup of the function cannot both be set; remove ${name}, and set it on the log group '${options.logGroup.node.path}'`;
      }
    }
  }
}

/** A function that keeps to the settings. */
export interface ConfigFollower extends IConstruct {
  /** The path of the task with which it was created. */
  readonly firstTask: string;

  applyConfig(): void;
}

/** The settings of several scopes, the nearest first. */
function mergeOptions(scopes: RunTaskFunctionOptions[]): RunTaskFunctionOptions {
  const decided = GROUPS.map((names) => {
    const nearest = scopes.find((options) => names.some((name) => name in options)) ?? {};
    return Object.fromEntries(Object.entries(nearest).filter(([name]) => names.includes(name)));
  });
  const environment = Object.assign({}, ...scopes.map((options) => options.environment).reverse());
  return Object.assign({}, ...decided, { environment });
}

function removeUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
