import * as path from 'path';
import { CfnResource, Duration, Lazy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { checkPlaceOfSettings, checkSubnets } from './check-settings';
import { followCustomResourceConfig } from './custom-resource-config';
import { suppressNagRules } from './nag';
import { Policies } from './policies';
import { METRIC_TASKS_VARIABLE } from '../contract';
import type { TaskNetwork } from '../request/render-request';
import { isInTree } from '../request/stacks';
import { ConfigFollower, RunTaskConfig, RunTaskFunctionOptions } from '../run-task-config';
import { throwErrors } from '../throw-errors';
import { INVOCATION_SECONDS } from '../timing';

/** Must never change, nor the ids below it: CloudFormation rejects another function for a custom resource. */
const ID = 'EcsRunTaskHandler';

/** The id that aws-cdk-lib gives to the log group of a function, with a feature flag. */
const LOG_GROUP_ID = 'LogGroup';

/** The function that runs the tasks of a stack: one function, one role and one policy for any number of tasks. */
export class Handler extends Construct implements ConfigFollower {
  /** @param task The task that needs the function. */
  public static findOrCreate(task: Construct): Handler {
    return Handler.find(task) ?? new Handler(Stack.of(task), task.node.path);
  }

  public static find(scope: Construct): Handler | undefined {
    return Stack.of(scope).node.tryFindChild(ID) as Handler | undefined;
  }

  public readonly function: lambda.Function;
  public readonly policies = new Policies(this);

  /** The network of a function in a VPC. */
  public readonly network?: TaskNetwork;

  private readonly readConfig: () => RunTaskFunctionOptions;
  /** The path of each task whose metrics the app uses, for each of its resources. */
  private readonly metricTasks = new Map<CfnResource, string>();

  private constructor(stack: Stack, public readonly firstTask: string) {
    super(stack, ID);
    this.readConfig = RunTaskConfig._follow(this);
    const { role: given, vpc, vpcSubnets, securityGroups } = this.readConfig();
    throwErrors(firstTask, [...checkSubnets(firstTask, vpc, vpcSubnets)]);
    this.node.addValidation({ validate: () => [...checkPlaceOfSettings(stack, this.readConfig())] });

    const role = given ?? this.createRole();
    this.function = new lambda.Function(this, 'Function', {
      description: 'Runs ECS tasks for CloudFormation and waits for them (cdk-ecs-run-task)',
      code: lambda.Code.fromAsset(path.join(__dirname, '..', '..', 'assets', 'lambda', 'handler')),
      handler: 'index.handler',
      runtime: new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS), // the constant would need aws-cdk-lib 2.225
      timeout: Duration.seconds(INVOCATION_SECONDS),
      memorySize: 256,
      role,
      vpc,
      vpcSubnets,
      securityGroups,
    });
    suppressNagRules(this.function, 'function');
    if (!given) { // only now, because a property injector can put the function into a VPC
      const policy = this.function.isBoundToVpc ? 'AWSLambdaVPCAccessExecutionRole' : 'AWSLambdaBasicExecutionRole';
      role.addManagedPolicy(iam.ManagedPolicy.fromAwsManagedPolicyName(`service-role/${policy}`));
    }
    this.network = vpc && { vpc, subnets: vpc.selectSubnets(vpcSubnets), securityGroups: this.function.connections.securityGroups };
    this.policies.attachTo(role, given !== undefined, this.function);
    followCustomResourceConfig(this.function);
    this.applyConfig();
  }

  /** Makes the function send the metrics of a task. A setting of the function and not of the task's resource, which would run the task. */
  public sendMetrics(task: string, resources: CfnResource[]): void {
    if (this.metricTasks.size === 0) {
      this.function.addEnvironment(METRIC_TASKS_VARIABLE, Lazy.string({
        produce: () => {
          const tasks = [...this.metricTasks].filter(([resource]) => isInTree(resource));
          const names = tasks.map(([{ stack, logicalId }, name]) => [stack.resolve(logicalId), name]);
          return JSON.stringify(Object.fromEntries(names));
        },
      }));
    }
    resources.forEach((resource) => this.metricTasks.set(resource, task));
  }

  /** Applies the settings that can change after the function has been created. */
  public applyConfig(): void {
    const resource = this.function.node.defaultChild as lambda.CfnFunction;
    const { environment = {}, tracing = lambda.Tracing.DISABLED } = this.readConfig();
    Object.entries(environment).forEach(([name, value]) => this.function.addEnvironment(name, value));
    resource.tracingConfig = tracing === lambda.Tracing.DISABLED ? undefined : { mode: tracing };
    this.policies.tracesRequests = tracing !== lambda.Tracing.DISABLED;
    this.applyLogSettings(resource);
  }

  /** Removes the function, if the app has removed all of its tasks. */
  public remove(): void {
    Stack.of(this).node.tryRemoveChild(ID);
  }

  private applyLogSettings(resource: lambda.CfnFunction): void {
    const { logGroup, logRetention: retention, logRemovalPolicy: removalPolicy } = this.readConfig();
    if (logGroup ?? retention ?? removalPolicy) {
      this.function.node.tryRemoveChild(LOG_GROUP_ID); // of other settings, or of a feature flag
      const group = logGroup ?? new logs.LogGroup(this.function, LOG_GROUP_ID, { retention, removalPolicy });
      resource.loggingConfig = { logGroup: group.logGroupName };
    }
  }

  private createRole(): iam.Role {
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      // Part of the role, so that the function never exists before its permissions.
      inlinePolicies: { RunTask: this.policies.document },
    });
    suppressNagRules(role, 'role');
    return role;
  }
}
