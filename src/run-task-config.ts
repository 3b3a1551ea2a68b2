import { RemovalPolicy, Stack, Stage } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { IConstruct } from 'constructs';

/** The settings that belong together: the nearest scope that sets one of them decides about all of them. */
const NETWORK = ['vpc', 'vpcSubnets', 'securityGroups'];
const LOGS = ['logGroup', 'logRetention', 'logRemovalPolicy'];
const GROUPS = [['role'], NETWORK, LOGS, ['tracing']];

const CONFIG = Symbol.for('cdk-ecs-run-task.RunTaskConfig');

/**
 * Settings of the functions that run the tasks.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-functions.html
 */
export interface RunTaskFunctionOptions {
  /**
   * The role of the functions. Lambda must be able to assume it, and like the role of any function it needs
   * `service-role/AWSLambdaBasicExecutionRole`, or in a VPC `service-role/AWSLambdaVPCAccessExecutionRole`.
   *
   * What a function needs to run the tasks is added to the role. Nothing is added to an immutable role, such as one from
   * `withoutPolicyUpdates`: the README lists what it must allow.
   *
   * It is an error if the scope already has a `RunTask`.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
   * @default - a new role for each function
   */
  readonly role?: iam.IRole;

  /**
   * The VPC of the functions. They must reach ECS, CloudFormation, Lambda, CloudWatch Logs and, for their answers, S3,
   * through a NAT gateway or VPC endpoints. It is an error if the scope already has a `RunTask`.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
   * @default - the functions are in no VPC
   */
  readonly vpc?: ec2.IVpc;

  /**
   * The subnets of the functions, which must not be public: a function has no public address. It is an error without `vpc`.
   *
   * @default - the private subnets of `vpc`
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The security groups of the functions. It is an error without `vpc`.
   *
   * @default - a new security group for each function, which allows all outbound traffic
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * The log group of the functions, for example one with a KMS key. It is an error together with `logRetention` or
   * `logRemovalPolicy`.
   *
   * @default - Lambda creates a log group for each function, unless `logRetention` or `logRemovalPolicy` is set
   */
  readonly logGroup?: logs.ILogGroup;

  /**
   * How long the logs of the functions are kept. Each function gets a log group of the stack.
   *
   * @default - as `CustomResourceConfig` sets it, otherwise forever; two years with `logRemovalPolicy`
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Whether the log groups are deleted together with their stacks. Each function gets a log group of the stack.
   *
   * @default - as `CustomResourceConfig` sets it, otherwise they remain
   */
  readonly logRemovalPolicy?: RemovalPolicy;

  /**
   * Environment variables of the functions, such as `AWS_USE_FIPS_ENDPOINT`. Variables with different names add up, also
   * those of different scopes.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Whether the functions send traces to AWS X-Ray. Their roles get the permissions for it.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
   * @default - they do not
   */
  readonly tracing?: lambda.Tracing;
}

/**
 * Settings for all tasks of an app, a stage or a stack.
 *
 * All tasks of a stack share one function. If several scopes around it set the same thing, the nearest scope wins.
 */
export class RunTaskConfig {
  /**
   * The settings of a scope.
   *
   * @param scope An app, a stage or a stack.
   */
  public static of(scope: IConstruct): RunTaskConfig {
    if (!Stage.isStage(scope) && !Stack.isStack(scope)) {
      throw new Error(`[${scope.node.path}] RunTaskConfig.of needs an App, a Stage or a Stack, because all tasks of a stack share one function; `
        + 'pass Stack.of(...) of this construct');
    }
    const holder = scope as unknown as { [CONFIG]?: RunTaskConfig };
    return holder[CONFIG] ??= new RunTaskConfig(scope);
  }

  /**
   * What the scopes around a function set. Each later change is told to the function.
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
   * Sets what the functions of this scope are like.
   *
   * It can be called several times; what is left out stays as it is. Role and network must be set before the scope has a
   * `RunTask`; everything else can be set until synthesis.
   *
   * @param options The settings.
   */
  public configureFunction(options: RunTaskFunctionOptions): void {
    const errors = [...this.check(options)].map((error) => `[${this.scope.node.path || 'App'}] ${error}`);
    if (errors.length > 0) {
      throw new Error(errors.join('\n'));
    }
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
        yield `${name} of the function must be set before the first RunTask of the scope, got it after '${first.firstTask}'; call RunTaskConfig.of(...).configureFunction earlier`;
      }
    }
    for (const name of ['vpcSubnets', 'securityGroups'] as const) {
      if (options[name] && !options.vpc) {
        yield `${name} of the function must be set together with its vpc, got no vpc; set it, or remove ${name}`;
      }
    }
    for (const name of ['logRetention', 'logRemovalPolicy'] as const) {
      if (options[name] && options.logGroup) {
        yield `${name} and logGroup of the function cannot both be set; set it on the log group '${options.logGroup.node.path}', and remove ${name}`;
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
