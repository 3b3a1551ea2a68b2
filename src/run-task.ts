import { CfnResource, Duration, Lazy, Stack, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { LONGEST_SERVICE_TIMEOUT_SECONDS, RESOURCE_TYPE, RunTaskProperties, TaskRun } from './contract';
import { propsOfDeletion } from './deletion';
import { Handler } from './handler';
import { Ordering } from './ordering';
import { grantToTask, handlerStatements, warnOfUnknownRoles } from './permissions';
import { renderTask, Task, TaskNetwork } from './request';
import { CompleteWhen, OnRollback, RunOn, RunTaskProps } from './run-task-props';
import { containersOf, ifKnown, isAwsvpc, logsOf, ownedDefinition, taskRoleOf } from './task-definition';
import { validate, validateAgainstDefinitions } from './validation';

/** From the task's deadline until CloudFormation gives up on an answer, where its limit of one hour leaves that much. */
const ANSWER_MARGIN_SECONDS = 300;

/** What a Delete may take to stop a task that is still running, before it runs its own. */
const STOP_SECONDS = 150;

/**
 * Runs an ECS task during the deployment, waits for it, and fails the deployment if the task fails.
 *
 * The task starts once everything that it needs is there: its roles with their policies, its log groups, the routes of
 * its subnets and the security group rules that name its groups. It runs when the stack is created, and again in every
 * update that changes it.
 */
export class RunTask extends Construct implements ec2.IConnectable, iam.IGrantable {
  /**
   * The network connections of the task: its security groups, or those of the cluster's instances for a task without a
   * network interface of its own.
   */
  public readonly connections: ec2.Connections;

  /**
   * The role of the task's containers.
   */
  public readonly grantPrincipal: iam.IPrincipal;

  private readonly resource: CfnResource;
  private readonly after: Construct[] = [];
  private readonly before: Construct[] = [];

  constructor(scope: Construct, id: string, props: RunTaskProps) {
    super(scope, id);

    const network = isAwsvpc(props) ? this.networkOf(props) : undefined;
    const task = renderTask(this, props, network);
    const deletion = props.onDelete && renderTask(this, propsOfDeletion(props, props.onDelete), network);
    validate(this, task, deletion);
    this.node.addValidation({ validate: () => validateAgainstDefinitions(task, deletion) });

    const handler = Handler.of(this);
    handler.allow(() => handlerStatements(this, props));
    const policies = deletion ? handler.allowOnDelete(this, () => handlerStatements(this, deletion.props)) : [];
    for (const each of deletion ? [task, deletion] : [task]) {
      grantToTask(this, each.props);
      warnOfUnknownRoles(this, each.props);
    }
    this.grantPrincipal = taskRoleOf(props) ?? new iam.UnknownPrincipal({ resource: this });
    this.connections = new ec2.Connections({
      securityGroups: network?.securityGroups ?? groupsOfInstances(this, props),
    });

    const properties = renderProperties(task, deletion);
    this.resource = new CfnResource(this, 'Resource', {
      type: RESOURCE_TYPE,
      properties: {
        ServiceToken: handler.function.functionArn,
        ServiceTimeout: serviceTimeout(properties),
        ...properties,
      },
    });

    Ordering.of(this).add({
      props,
      deletion: deletion?.props,
      network,
      securityGroups: this.connections.securityGroups,
      policies,
      resource: this.resource,
      after: this.after,
      before: this.before,
    });
    this.executeAfter(...props.executeAfter ?? []);
    this.executeBefore(...props.executeBefore ?? []);
  }

  /**
   * Starts the task only when everything in these scopes is there, except for security group rules in them that name
   * something that the task does not need.
   */
  public executeAfter(...scopes: Construct[]): void {
    this.after.push(...scopes);
  }

  /**
   * Creates and updates what is in these scopes only after the task has succeeded, except for what the task itself needs,
   * and rules that let in another task. A nested stack waits as a whole if anything in it does.
   */
  public executeBefore(...scopes: Construct[]): void {
    this.before.push(...scopes);
  }

  private networkOf({ cluster, vpcSubnets, securityGroups, assignPublicIp }: RunTaskProps): TaskNetwork {
    return {
      subnets: cluster.vpc.selectSubnets(vpcSubnets ?? (assignPublicIp ? { subnetType: ec2.SubnetType.PUBLIC } : {})),
      securityGroups: securityGroups?.length ? securityGroups : [new ec2.SecurityGroup(this, 'SecurityGroup', { vpc: cluster.vpc })],
    };
  }
}

/** Imported anew, so that rules for the instances of another stack's cluster become part of this stack. */
function groupsOfInstances(scope: Construct, { cluster }: RunTaskProps): ec2.ISecurityGroup[] {
  const groups = ifKnown(() => cluster.connections.securityGroups) ?? [];
  return groups.map((group, index) =>
    Stack.of(group) === Stack.of(scope) ? group : ec2.SecurityGroup.fromSecurityGroupId(scope, `SecurityGroup${index}`, group.securityGroupId));
}

function renderProperties(task: Task, deletion?: Task): RunTaskProperties {
  const { runOn = RunOn.CHANGE, triggers, onRollback } = task.props;
  const { Request, ...wait } = renderRun(task);
  return {
    Request,
    RunOn: runOn,
    Triggers: triggers,
    SynthesizedAt: runOn === RunOn.EVERY_DEPLOYMENT ? new Date().toISOString() : undefined,
    ...wait,
    OnRollback: onRollback === OnRollback.RUN ? 'RUN' : undefined,
    OnDelete: deletion && renderRun(deletion),
  };
}

function renderRun({ props, request }: Task): TaskRun {
  const owned = ownedDefinition(props.taskDefinition);
  return {
    Request: request,
    TimeoutSeconds: (props.timeout ?? Duration.minutes(30)).toSeconds(),
    RetryAttempts: props.retryAttempts || undefined,
    ExitCodeFrom: props.exitCodeFrom ?? (owned && Lazy.list({
      produce: () => containersOf(owned).filter((container) => container.essential).map((container) => container.containerName),
    })),
    SuccessExitCodes: props.successExitCodes ?? [0],
    CompleteWhen: props.completeWhen ?? CompleteWhen.EXIT_CODES_KNOWN,
    LogTailLines: props.logTailLines ?? 20,
    Logs: Lazy.any({ produce: () => orAbsent(logsOf(props)) }) as unknown as TaskRun['Logs'],
  };
}

function orAbsent<T extends object>(map: T): T | undefined {
  return Object.keys(map).length > 0 ? map : undefined;
}

/** For whichever of the requests takes longest: CloudFormation has one limit for all of them. */
function serviceTimeout({ TimeoutSeconds, OnDelete }: RunTaskProperties): number {
  if (Token.isUnresolved(TimeoutSeconds) || Token.isUnresolved(OnDelete?.TimeoutSeconds)) {
    return LONGEST_SERVICE_TIMEOUT_SECONDS;
  }
  const longest = Math.max(TimeoutSeconds, OnDelete ? OnDelete.TimeoutSeconds + STOP_SECONDS : 0);
  return Math.min(LONGEST_SERVICE_TIMEOUT_SECONDS, longest + ANSWER_MARGIN_SECONDS);
}
