import { Annotations, CfnCondition, CfnOutput, CfnResource, Fn, Stack, Token } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, IConstruct } from 'constructs';
import { isOutput, METRICS, METRICS_NAMESPACE, OUTPUT_PREFIX, RESOURCE_TYPE, RunTaskProperties, TASK_DIMENSION } from './contract';
import { Handler } from './function/handler-function';
import { grantToTask, listHandlerStatements } from './function/permissions';
import { checkValues, describeValue } from './given-values';
import { checkStages } from './order/checks';
import { Finalizer } from './order/finalize';
import { deriveDeletionProps } from './request/deletion';
import { toPlainText } from './request/plain-text';
import { renderTask, TaskNetwork } from './request/render-request';
import { chooseServiceTimeout, readRequest, renderProperties } from './request/resource-properties';
import { readCondition } from './request/resource-reader';
import { selectSubnets } from './request/select-subnets';
import { takeFromService } from './request/service';
import { receiveTags } from './request/tags';
import { findTaskRole, findVpc, isAwsvpc, readIfKnown } from './request/task-definition';
import { checkAtSynthesis, checkTask } from './request/validation/check-task';
import { checkSecrets } from './request/validation/secrets';
import { checkService, checkTakenNetwork } from './request/validation/service';
import { checkUsedAttributes } from './request/validation/used-attributes';
import { checkScopes } from './request/validation/waiting';
import { warnOfTask } from './request/warnings';
import { RunTaskForServiceProps, RunTaskProps } from './run-task-props';
import { throwErrors } from './throw-errors';
import { resourcesFor } from './timing';

/**
 * Runs an ECS task during the deployment, waits for it, and fails the deployment if the task fails.
 *
 * The task runs when the stack is created, and again in every update that changes the `RunTask`. It starts after everything that it
 * needs has been created: its roles with their policies, its log groups, the routes of its subnets and the security group rules that
 * name its security groups.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
 */
export class RunTask extends Construct implements ec2.IConnectable, iam.IGrantable {
  /**
   * Runs a task like the tasks of a service before the service is created or updated.
   *
   * The task uses the cluster, the task definition, the launch type or capacity providers, the platform version, the subnets, the
   * public IP address setting and the security groups of the service. Because it has the same security groups, rules that allow the
   * service to connect to its database also allow the task. Everything except the cluster and the task definition can be overridden in
   * the props.
   *
   * The placement, the volumes, the tags and the desired count of the service do not apply to the task. The task is not registered
   * with a load balancer or with Cloud Map, and cannot use the names of Service Connect. If the service has a condition
   * (`CfnCondition`), the task has the same condition.
   *
   * It is an error if the service is imported, is in another stack, or has a deployment controller other than ECS. If only the
   * deployment knows the deployment controller, synthesis shows a warning. For a construct of `aws-ecs-patterns`, pass its `service`
   * property.
   *
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service_definition_parameters.html
   *
   * @param scope The scope of the `RunTask`, in the stack of the service.
   * @param id The ID of the `RunTask`.
   * @param service The service, which waits for the task.
   * @param props The differences from the tasks of the service, and how to wait for the task.
   */
  public static forService(scope: Construct, id: string, service: ecs.IService, props: RunTaskForServiceProps = {}): RunTask {
    const path = `${scope.node.path}/${id}`;
    throwErrors(path, [...checkValues({ ...props, service: service ?? null })]);
    throwErrors(path, [...checkService(scope, service)]);
    return new RunTask(scope, id, takeFromService(service as ecs.BaseService, props));
  }

  /**
   * The network connections of the task: its security groups, or the security groups of the cluster's container instances for a task
   * in a network mode other than `awsvpc`.
   */
  public readonly connections: ec2.Connections;

  /**
   * The principal to grant permissions to: the task role.
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
    throwErrors(this.node.path, [...checkValues({ ...props, cluster: props.cluster ?? null, taskDefinition: props.taskDefinition ?? null })]);
    props = receiveTags(this, props);

    const network = isAwsvpc(props) && findVpc(props) ? this.createNetwork(props) : undefined; // checkTask rejects a cluster without a VPC
    const task = renderTask(this, props, network);
    const deletion = props.onDelete && renderTask(this, deriveDeletionProps(props, props.onDelete), network);
    throwErrors(this.node.path, checkTask(this, task, deletion));
    this.node.addValidation({ validate: () => checkAtSynthesis(this, task, deletion) });
    this.node.addValidation({
      validate: () => props._fromService
        ? [...checkService(this, props._fromService.service), ...checkTakenNetwork(this, props._fromService, task.request)]
        : [],
    });
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

    handler.policies.allow(this.resource, () =>
      listHandlerStatements(this, { props, request: readRequest(this.resource, task) }, Object.keys(this.usedAttributes)));
    if (deletion) {
      handler.policies.allowOnDelete(this, this.resource, () =>
        listHandlerStatements(this, { props: deletion.props, request: readRequest(this.resource, deletion, true) }));
    }
    const ordered = {
      props,
      runs,
      network,
      securityGroups: this.connections.securityGroups,
      resource: this.resource,
      last: this.last,
      after: this.after,
      before: this.before,
    };
    Finalizer.of(this).add(ordered, (reader) => {
      this.shareCondition(props);
      throwErrors(this.node.path, checkSecrets(this.resource, props, reader));
      const networks = { network, functionNetwork: handler.network };
      throwErrors(this.node.path, [...checkStages(this, { executeAfter: this.after, executeBefore: this.before, ...networks })]);
      warnOfTask(this, { ...ordered, task, usedAttributes: Object.keys(this.usedAttributes) }, reader);
    });
    this.executeAfter(...props.executeAfter ?? []);
    this.executeBefore(...props.executeBefore ?? []);
  }

  /**
   * Starts the task after everything in these scopes has been created.
   *
   * The task does not wait for security group rules in these scopes that refer to resources that the task does not need, such as the
   * rule that lets a service connect to the database.
   *
   * @param scopes The scopes to create before the task starts, such as a database.
   */
  public executeAfter(...scopes: IConstruct[]): void {
    throwErrors(this.node.path, [...checkScopes('executeAfter', scopes)]);
    this.after.push(...scopes);
  }

  /**
   * Creates and updates everything in these scopes after the task has succeeded.
   *
   * Some resources do not wait: resources that the task itself needs, and security group rules that allow another task to connect. If
   * a resource in a nested stack waits, the whole nested stack waits.
   *
   * @param scopes The scopes that wait for the task, such as a service.
   */
  public executeBefore(...scopes: IConstruct[]): void {
    throwErrors(this.node.path, [...checkScopes('executeBefore', scopes)]);
    this.before.push(...scopes);
  }

  /**
   * The ARN of the task. With `count`, this is the ARN of the first task.
   *
   * All attributes and outputs are the values of the last run, even if the current deployment does not run the task. The stack gets
   * an output for each attribute and each output that your app uses.
   *
   * In a nested stack, using attributes or outputs is an error unless `onRollback` is `RUN` or `runOn` is `CREATE`: after a rollback of
   * the parent stack, they would have the values of the failed deployment.
   */
  public get taskArn(): string {
    return this.useAttribute('TaskArn');
  }

  /**
   * The ARNs of all tasks that `count` starts, in no particular order.
   */
  public get taskArns(): string[] {
    return Fn.split(',', this.useAttribute('TaskArns'));
  }

  /**
   * The exit code of the first deciding container. With `count`, this is the exit code of that container in the first task.
   */
  public get exitCode(): string {
    return this.useAttribute('ExitCode');
  }

  /**
   * The time at which the containers of the task started, in UTC: `2026-01-31T03:00:12.345Z`. With `count`, this is the time of the
   * first task.
   */
  public get startedAt(): string {
    return this.useAttribute('StartedAt');
  }

  /**
   * The time at which the containers of the task stopped, in UTC: `2026-01-31T03:02:51.678Z`. With `count`, this is the time of the
   * first task.
   */
  public get stoppedAt(): string {
    return this.useAttribute('StoppedAt');
  }

  /**
   * The name of the log stream of the first deciding container.
   *
   * It is an error if this container does not log to CloudWatch Logs with the `awslogs` driver and a stream prefix.
   */
  public get logStreamName(): string {
    return this.useAttribute('LogStreamName');
  }

  /**
   * Returns a value that the task prints, for use in other resources of the stack.
   *
   * The container prints the value to its log, once and on a separate line:
   *
   * ```sh
   * echo "ecs-run-task-output BucketName=$bucket"
   * ```
   *
   * Everything after the equals sign is the value, without leading and trailing white space. If the task succeeds without printing the
   * value, or prints two different values, the deployment fails. All attributes and outputs of a task together can have about 3,000
   * characters. Anyone who can describe the stack can read outputs: print the name of a secret, never its value.
   *
   * It is an error if `count` is above 1, or if no deciding container logs to CloudWatch Logs with the `awslogs` driver and a stream
   * prefix. The task definition must be defined in this app.
   *
   * @param name The name of the output: 1 to 64 letters and digits.
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
   */
  public getOutput(name: string): string {
    if (typeof name !== 'string' || !/^[A-Za-z0-9]{1,64}$/.test(name)) {
      throw new Error(`[${this.node.path}] the name of an output must have 1 to 64 letters and digits, got: ${describeValue(name)}`);
    }
    return this.useAttribute(OUTPUT_PREFIX + name);
  }

  /**
   * Returns a metric of this task, in the namespace `EcsRunTask` with the path of the construct as dimension `Task`.
   *
   * The default statistic is the average over five minutes. The function sends metrics only for tasks whose `metric` methods your app
   * calls. CloudWatch bills each metric as a custom metric. A deployment that only adds a metric does not run the task.
   *
   * @param metricName `Failures`, `Reruns` or `Duration`.
   * @param props The statistic, the period and other options.
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format.html
   */
  public metric(metricName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    const names = Object.keys(METRICS);
    if (!names.includes(metricName)) {
      throw new Error(`[${this.node.path}] metricName must be one of ${names.join(', ')}, got: ${describeValue(metricName)}`);
    }
    const task = toPlainText(this.node.path);
    Handler.find(this)!.sendMetrics(task, this.listResources());
    const dimensionsMap = { [TASK_DIMENSION]: task };
    return new cloudwatch.Metric({ namespace: METRICS_NAMESPACE, metricName, dimensionsMap, ...props }).attachTo(this);
  }

  /**
   * Returns a metric for the number of failed requests of CloudFormation: the task failed, or could not be started.
   *
   * The default statistic is the sum over five minutes.
   *
   * @param props The options of the metric.
   */
  public metricFailures(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('Failures', { statistic: 'Sum', ...props });
  }

  /**
   * Returns a metric for the number of times that a task was rerun because of `retryAttempts`.
   *
   * The default statistic is the sum over five minutes.
   *
   * @param props The options of the metric.
   */
  public metricReruns(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('Reruns', { statistic: 'Sum', ...props });
  }

  /**
   * Returns a metric for the seconds from the request of CloudFormation to the answer, including the start of the task and all retries.
   *
   * The default statistic is the average over five minutes.
   *
   * @param props The options of the metric.
   */
  public metricDuration(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('Duration', { statistic: 'Average', ...props });
  }

  /** @internal */
  public _usesOutputs(): boolean {
    return Object.keys(this.usedAttributes).some(isOutput);
  }

  /** The output keeps the value for a deployment or a rollback that does not run the task: nothing else stores it. */
  private useAttribute(attribute: string): string {
    const value = this.last.getAtt(attribute).toString();
    const description = `Of the last task of ${toPlainText(this.node.path)}`;
    this.usedAttributes[attribute] ??= new CfnOutput(this, attribute, { value, description }).logicalId;
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
    const resources = [this.resource, _fromService?.service.node.defaultChild as CfnResource | undefined];
    const [condition] = resources.flatMap((resource) => resource && findCondition(resource) || []);
    this.listResources().forEach(({ cfnOptions }) => (cfnOptions.condition ??= condition));
    this.node.children.filter((child) => child instanceof CfnOutput).forEach((output) => (output.condition ??= condition));
  }

  /** The resources of the task: several for a timeout of more than an hour. */
  private listResources(): CfnResource[] {
    return this.node.children.filter((child) => CfnResource.isCfnResource(child) && child.cfnResourceType === RESOURCE_TYPE) as CfnResource[];
  }

  private createNetwork({ cluster, vpcSubnets, securityGroups, assignPublicIp }: RunTaskProps): TaskNetwork {
    const selectsPublic = !vpcSubnets && assignPublicIp;
    const selection = selectsPublic ? { subnetType: ec2.SubnetType.PUBLIC } : vpcSubnets ?? {};
    return {
      vpc: cluster.vpc,
      subnets: selectSubnets(this.node.path, selectsPublic ? 'assignPublicIp' : 'vpcSubnets', cluster.vpc, selection),
      securityGroups: securityGroups?.length ? securityGroups : [this.createSecurityGroup(cluster.vpc)],
    };
  }

  private createSecurityGroup(vpc: ec2.IVpc): ec2.SecurityGroup {
    // The group allows all outbound traffic, so connections.allowTo() adds no rule to it, and the user cannot do anything about that.
    // The acknowledgement is for the scope of the group: with the lowest aws-cdk-lib, that of a construct does not hold for later warnings.
    Annotations.of(this).acknowledgeWarning('@aws-cdk/aws-ec2:ipv4IgnoreEgressRule');
    return new ec2.SecurityGroup(this, 'SecurityGroup', { vpc, description: toPlainText(`${this.node.path}/SecurityGroup`) });
  }
}

/** The condition of a resource, as the template will have it. */
function findCondition(resource: CfnResource): CfnCondition | undefined {
  const { stack } = resource;
  const name = readCondition(resource);
  const isIt = (found: IConstruct) => found instanceof CfnCondition && found.stack === stack && stack.resolve(found.logicalId) === name;
  return name ? stack.node.findAll().find(isIt) as CfnCondition | undefined : undefined;
}

/** Imports the groups of another stack's cluster, so that rules for its instances become part of this stack. */
function importInstanceGroups(scope: Construct, { cluster }: RunTaskProps): ec2.ISecurityGroup[] {
  const groups = readIfKnown(() => cluster.connections.securityGroups) ?? [];
  return groups.map((group, index) =>
    Stack.of(group) === Stack.of(scope) ? group : ec2.SecurityGroup.fromSecurityGroupId(scope, `SecurityGroup${index}`, group.securityGroupId));
}
