import { Annotations, CfnOutput, CfnResource, Fn, Stack, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, IConstruct } from 'constructs';
import { isOutput, OUTPUT_PREFIX, RESOURCE_TYPE, RunTaskProperties } from './contract';
import { Handler } from './function/handler-function';
import { grantToTask, listHandlerStatements } from './function/permissions';
import { Finalizer } from './order/finalize';
import { deriveDeletionProps } from './request/deletion';
import { warnOfEmptyExitCodeFrom } from './request/exit-code-warning';
import { renderTask, TaskNetwork } from './request/render-request';
import { chooseServiceTimeout, renderProperties } from './request/resource-properties';
import { checkService, informOfServiceConnect, takeFromService } from './request/service';
import { receiveTags } from './request/tags';
import { findTaskRole, findVpc, isAwsvpc, readIfKnown } from './request/task-definition';
import { checkAgainstDefinitions, checkTask } from './request/validation/check-task';
import { checkSecrets } from './request/validation/secrets';
import { checkUsedAttributes } from './request/validation/used-attributes';
import {
  warnOfDefinitionElsewhere, warnOfEmptyScopes, warnOfExpiringCredentials, warnOfInfrequentAccess, warnOfMissingProviders, warnOfMissingPublicIp,
  warnOfUnknownRoles,
} from './request/warnings';
import { RunTaskForServiceProps, RunTaskProps } from './run-task-props';
import { resourcesFor } from './timing';

/**
 * Runs an ECS task during the deployment, waits for it, and fails the deployment if the task fails.
 *
 * The task starts once everything that it needs is there: its roles with their policies, its log groups, the routes of
 * its subnets and the security group rules that name its groups. It runs when the stack is created, and again in every
 * update that changes it.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
 */
export class RunTask extends Construct implements ec2.IConnectable, iam.IGrantable {
  /**
   * Runs a task like those of a service before the service is created or updated.
   *
   * The task takes from the service its cluster, its task definition, its launch type or capacity providers, its platform
   * version, its subnets, whether it has a public IP address, and its security groups, so that the rules that let the service
   * into its database let in the task, too. All of these but cluster and task definition can be set in the props. It does
   * not take the placement, the volumes, the tags and the desired count of the service. The task is not registered
   * with a load balancer or with Cloud Map, and cannot use the names of Service Connect. If the service has a condition
   * (`CfnCondition`), so has the task.
   *
   * It is an error if the service is imported, is in another stack, or has a deployment controller other than ECS.
   *
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service_definition_parameters.html
   *
   * @param scope The scope of the task, in the stack of the service.
   * @param id The id of the task.
   * @param service The service, which waits for the task. That of `aws-ecs-patterns` is in their `service` property.
   * @param props What is different from the tasks of the service, and how to wait for the task.
   */
  public static forService(scope: Construct, id: string, service: ecs.IService, props: RunTaskForServiceProps = {}): RunTask {
    throwErrors(`${scope.node.path}/${id}`, [...checkService(scope, service)]);
    return new RunTask(scope, id, takeFromService(service as ecs.BaseService, props));
  }

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
  private readonly last: CfnResource;
  /** For each attribute that the stack uses, the logical id of the output that keeps its value. */
  private readonly usedAttributes: { [attribute: string]: string } = {};
  private readonly after: IConstruct[] = [];
  private readonly before: IConstruct[] = [];

  constructor(scope: Construct, id: string, props: RunTaskProps) {
    super(scope, id);
    props = receiveTags(this, props);

    const network = isAwsvpc(props) && findVpc(props) ? this.createNetwork(props) : undefined; // checkTask rejects a cluster without a VPC
    const task = renderTask(this, props, network);
    const deletion = props.onDelete && renderTask(this, deriveDeletionProps(props, props.onDelete), network);
    throwErrors(this.node.path, checkTask(this, task, deletion));
    this.node.addValidation({ validate: () => checkAgainstDefinitions(task, deletion) });
    this.node.addValidation({ validate: () => [...props._fromService ? checkService(this, props._fromService.service) : []] });
    this.node.addValidation({ validate: () => checkUsedAttributes(this, props, Object.keys(this.usedAttributes)) });

    const handler = Handler.findOrCreate(this);
    const runs = deletion ? [props, deletion.props] : [props];
    runs.forEach((run) => grantToTask(this, run));
    this.grantPrincipal = findTaskRole(props) ?? new iam.UnknownPrincipal({ resource: this });
    this.connections = new ec2.Connections({
      securityGroups: network?.securityGroups ?? importInstanceGroups(this, props),
    });

    const properties = { ServiceToken: handler.function.functionArn, ...renderProperties(task, this.usedAttributes, deletion) };
    [this.resource, this.last] = this.addResources(properties);

    handler.policies.allow(this.resource, () => listHandlerStatements(this, props, Object.keys(this.usedAttributes)));
    if (deletion) {
      handler.policies.allowOnDelete(this, this.resource, () => listHandlerStatements(this, deletion.props));
    }
    const ordered = {
      props,
      deletion: deletion?.props,
      network,
      securityGroups: this.connections.securityGroups,
      resource: this.resource,
      last: this.last,
      after: this.after,
      before: this.before,
    };
    Finalizer.of(this).add(ordered, () => {
      this.shareCondition(props);
      throwErrors(this.node.path, checkSecrets(this.resource));
      runs.forEach((run) => warnOfUnknownRoles(this, run));
      runs.forEach((run) => warnOfEmptyExitCodeFrom(this, run));
      runs.forEach((run) => warnOfDefinitionElsewhere(this, run));
      warnOfMissingProviders(this, props);
      warnOfMissingPublicIp(this, props, network);
      warnOfEmptyScopes(this, this.before);
      informOfServiceConnect(this, props);
      warnOfExpiringCredentials(this, props);
      warnOfInfrequentAccess(this, props, Object.keys(this.usedAttributes));
    });
    this.executeAfter(...props.executeAfter ?? []);
    this.executeBefore(...props.executeBefore ?? []);
  }

  /**
   * Starts the task only when everything in these scopes is there, except for security group rules in them that name
   * something that the task does not need.
   *
   * @param scopes What has to be there, such as a database.
   */
  public executeAfter(...scopes: IConstruct[]): void {
    this.after.push(...scopes);
  }

  /**
   * Creates and updates what is in these scopes only after the task has succeeded, except for what the task itself needs,
   * and rules that let in another task. A nested stack waits as a whole if anything in it does.
   *
   * @param scopes What has to wait, such as a service.
   */
  public executeBefore(...scopes: IConstruct[]): void {
    this.before.push(...scopes);
  }

  /**
   * The ARN of the task. With `count`, that of the first one.
   *
   * The attributes are those of the last run, also after a deployment that did not run the task. The stack keeps each
   * one that is used in an output of its own.
   *
   * In a nested stack, attributes and outputs are an error unless `onRollback` is `RUN` or `runOn` is `CREATE`: after a
   * rollback of the parent stack they would be those of the failed deployment.
   */
  public get taskArn(): string {
    return this.useAttribute('TaskArn');
  }

  /**
   * The ARNs of all tasks that `count` asks for, in no particular order.
   */
  public get taskArns(): string[] {
    return Fn.split(',', this.useAttribute('TaskArns'));
  }

  /**
   * The exit code of the first container that decides. With `count`, that of the first task.
   */
  public get exitCode(): string {
    return this.useAttribute('ExitCode');
  }

  /**
   * When the containers of the task started, in UTC: `2026-01-31T03:00:12.345Z`. With `count`, those of the first task.
   */
  public get startedAt(): string {
    return this.useAttribute('StartedAt');
  }

  /**
   * When the containers of the task had stopped, in UTC: `2026-01-31T03:02:51.678Z`. With `count`, those of the first task.
   */
  public get stoppedAt(): string {
    return this.useAttribute('StoppedAt');
  }

  /**
   * The name of the log stream of the first container that decides. It is an error if this container does not log to
   * CloudWatch Logs with the `awslogs` driver and a stream prefix.
   */
  public get logStreamName(): string {
    return this.useAttribute('LogStreamName');
  }

  /**
   * A value that the task prints, for other resources of the stack. The container prints it to its log, on a line of its
   * own and once:
   *
   * ```sh
   * echo "ecs-run-task-output BucketName=$bucket"
   * ```
   *
   * Everything after the equals sign is the value, without white space at its ends. The deployment fails if the task
   * succeeds without having printed it, or prints two different values. All attributes and outputs of a task together
   * may have about 3,000 characters. Whoever may describe the stack can read them: they are no place for secrets.
   *
   * It is an error with `count` above 1, and if none of the containers that decide logs to CloudWatch Logs with the
   * `awslogs` driver and a stream prefix, in a task definition of this app.
   *
   * @param name Letters and digits, at most 64.
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
   */
  public getOutput(name: string): string {
    if (!/^[A-Za-z0-9]{1,64}$/.test(name)) {
      throw new Error(`[${this.node.path}] the name of an output must have 1 to 64 letters and digits, got: '${name}'`);
    }
    return this.useAttribute(OUTPUT_PREFIX + name);
  }

  /** @internal */
  public _usesOutputs(): boolean {
    return Object.keys(this.usedAttributes).some(isOutput);
  }

  /** The output keeps the value for a deployment or a rollback that does not run the task: nothing else stores it. */
  private useAttribute(attribute: string): string {
    const value = this.last.getAtt(attribute).toString();
    this.usedAttributes[attribute] ??= new CfnOutput(this, attribute, { value, description: `Of the last task of ${this.node.path}` }).logicalId;
    return value;
  }

  /** CloudFormation waits one hour for a resource, so a task of several hours needs several resources. Returns the first and the last. */
  private addResources(properties: RunTaskProperties & { readonly ServiceToken: string }): [CfnResource, CfnResource] {
    const { OnDelete, ...common } = properties;
    const ServiceTimeout = chooseServiceTimeout(properties);
    const count = Token.isUnresolved(common.TimeoutSeconds) ? 1 : resourcesFor(common.TimeoutSeconds);
    const add = (number: number, more: Partial<RunTaskProperties>) => new CfnResource(this, number === 1 ? 'Resource' : `Resource${number}`, {
      type: RESOURCE_TYPE,
      properties: { ServiceTimeout, ...common, HasNextLeg: number < count || undefined, ...more },
    });

    const first = add(1, { OnDelete });
    let last = first;
    for (let number = 2; number <= count; number++) {
      last = add(number, { PreviousLeg: { First: first.logicalId, Baton: last.getAtt('Baton').toString() } });
    }
    return [first, last];
  }

  /**
   * Without the service, whose security groups it has, its task does not exist. Without its first resource, the task has
   * neither the resources for further hours nor outputs.
   */
  private shareCondition({ _fromService }: RunTaskProps): void {
    const ofService = (_fromService?.service.node.defaultChild as CfnResource | undefined)?.cfnOptions.condition;
    const condition = this.resource.cfnOptions.condition ??= ofService;
    for (const child of this.node.children) {
      if (child instanceof CfnOutput) {
        child.condition ??= condition;
      } else if (CfnResource.isCfnResource(child) && child.cfnResourceType === RESOURCE_TYPE) {
        child.cfnOptions.condition ??= condition;
      }
    }
  }

  private createNetwork({ cluster, vpcSubnets, securityGroups, assignPublicIp }: RunTaskProps): TaskNetwork {
    return {
      vpc: cluster.vpc,
      subnets: cluster.vpc.selectSubnets(vpcSubnets ?? (assignPublicIp ? { subnetType: ec2.SubnetType.PUBLIC } : {})),
      securityGroups: securityGroups?.length ? securityGroups : [this.createSecurityGroup(cluster.vpc)],
    };
  }

  private createSecurityGroup(vpc: ec2.IVpc): ec2.SecurityGroup {
    // The group allows all outbound traffic, so connections.allowTo() adds no rule to it, and the user cannot do anything about that.
    // The acknowledgement is for the scope of the group: with the lowest aws-cdk-lib, that of a construct does not hold for later warnings.
    Annotations.of(this).acknowledgeWarning('@aws-cdk/aws-ec2:ipv4IgnoreEgressRule');
    return new ec2.SecurityGroup(this, 'SecurityGroup', { vpc });
  }
}

function throwErrors(path: string, errors: string[]): void {
  if (errors.length > 0) {
    throw new Error(errors.map((error) => `[${path}] ${error}`).join('\n'));
  }
}

/** Imports the groups of another stack's cluster, so that rules for its instances become part of this stack. */
function importInstanceGroups(scope: Construct, { cluster }: RunTaskProps): ec2.ISecurityGroup[] {
  const groups = readIfKnown(() => cluster.connections.securityGroups) ?? [];
  return groups.map((group, index) =>
    Stack.of(group) === Stack.of(scope) ? group : ec2.SecurityGroup.fromSecurityGroupId(scope, `SecurityGroup${index}`, group.securityGroupId));
}
