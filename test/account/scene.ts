import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeStackEventsCommand, DescribeStacksCommand, StackEvent } from '@aws-sdk/client-cloudformation';
import { FilteredLogEvent, FilterLogEventsCommand, FilterLogEventsCommandOutput } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTasksCommand, ListTasksCommand, Task } from '@aws-sdk/client-ecs';
import type { Account } from './account';
import { cdk, CliResult } from './cdk';
import type { Event, LogLine } from './evidence';
import { FOLDER } from './run-state';
import { CheckStack, createApp, Ground } from './stacks';
import { stackName } from './tags';
import { StackWatch } from './watch';

export interface SceneProps {
  readonly account: Account;
  readonly runId: string;
  readonly check: string;
  readonly ground: Ground;
  readonly image: string;
  readonly say: (line: string) => void;
}

/** Builds one version of the stack of a check. */
export type Build = (stack: CheckStack) => void;

type DeployOption = '--no-rollback' | '--import-existing-resources';

/** What a check can do in the account, and what it can read there. */
export class Scene {
  public readonly stackName: string;
  private deployments = 0;

  constructor(private readonly props: SceneProps) {
    this.stackName = stackName(props.runId, props.check);
  }

  public get account(): Account { return this.props.account; }
  public get ground(): Ground { return this.props.ground; }
  public get runId(): string { return this.props.runId; }
  public get image(): string { return this.props.image; }

  public say(line: string): void {
    this.props.say(line);
  }

  /** Deploys a version of the stack that must succeed. */
  public async deploy(what: string, build: Build, ...options: DeployOption[]): Promise<void> {
    const { succeeded, output } = await this.tryDeploy(what, build, ...options);
    if (!succeeded) {
      throw new Error(`The deployment "${what}" failed, although nothing in it should fail:\n${output}`);
    }
  }

  /** Deploys a version of the stack that can fail. */
  public tryDeploy(what: string, build: Build, ...options: DeployOption[]): Promise<CliResult> {
    this.say(`cdk deploy: ${what}`);
    this.deployments += 1;
    const logName = `${this.stackName}-${this.deployments}`;
    const app = createApp(join(FOLDER, 'cdk.out', logName));
    const stack = new CheckStack(app, this.props);
    build(stack);
    stack.nameFunction();
    app.synth();
    return cdk(logName, this.account.region, ['deploy', this.stackName, '--app', app.outdir, '--require-approval', 'never', '--progress', 'events', ...options]);
  }

  /** @param name the name of a stack, or its id */
  public async describe(name = this.stackName): Promise<{ id: string; status: string; outputs: Record<string, string> }> {
    const { Stacks: [stack] = [] } = await this.account.cloudFormation.send(new DescribeStacksCommand({ StackName: name }));
    return {
      id: stack.StackId!,
      status: stack.StackStatus!,
      outputs: Object.fromEntries((stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue!])),
    };
  }

  public watch(pollers = 1, name = this.stackName): StackWatch {
    return new StackWatch(this.account, name, pollers);
  }

  /** Returns the events of stacks and custom resources, the oldest first. */
  public async events(name = this.stackName): Promise<Event[]> {
    const found: StackEvent[] = [];
    for (let NextToken: string | undefined, first = true; first || NextToken; first = false) {
      const page = await this.account.cloudFormation.send(new DescribeStackEventsCommand({ StackName: name, NextToken }));
      found.push(...page.StackEvents ?? []);
      NextToken = page.NextToken;
    }
    return found.filter(({ ResourceType }) => /^(Custom|AWS::CloudFormation)::/.test(ResourceType!)).reverse().map((event) => ({
      at: event.Timestamp!.toISOString(),
      resource: event.LogicalResourceId!,
      status: event.ResourceStatus!,
      physicalId: event.PhysicalResourceId || undefined,
      reason: event.ResourceStatusReason?.slice(0, 1_000) || undefined,
    }));
  }

  /** Returns the log of the function. Lines arrive late, so it is read until no more lines arrive. */
  public async functionLog(name = this.stackName): Promise<LogLine[]> {
    for (let before = -1; ;) {
      const events = await this.readLog(`/aws/lambda/${name}`);
      if (events.length === before) {
        return events.map(({ timestamp, message }) => ({ at: new Date(timestamp!).toISOString(), text: message!.trim().slice(0, 1_000) }));
      }
      before = events.length;
      await sleep(this.account.localEngine ? 1_000 : 15_000);
    }
  }

  /** Returns the tasks of this check: those of its task definitions, or of its own family. */
  public async tasks(cluster = this.ground.cluster): Promise<Task[]> {
    const lists = await Promise.all((['RUNNING', 'STOPPED'] as const).map((desiredStatus) =>
      this.account.ecs.send(new ListTasksCommand({ cluster, desiredStatus }))));
    const arns = lists.flatMap(({ taskArns = [] }) => taskArns);
    const { tasks = [] } = arns.length === 0 ? {} : await this.account.ecs.send(new DescribeTasksCommand({ cluster, tasks: arns }));
    const family = this.stackName.replace(/[^\w]/g, '');
    return tasks
      .filter(({ taskDefinitionArn }) => taskDefinitionArn!.split('/').at(-1)!.replace(/[^\w:]/g, '').startsWith(family))
      .sort((a, b) => a.createdAt!.getTime() - b.createdAt!.getTime());
  }

  public async until(what: string, isSo: () => Promise<boolean>, minutes = 10): Promise<void> {
    this.say(`waiting until ${what}`);
    for (const end = Date.now() + minutes * 60_000; !await isSo();) {
      if (Date.now() > end) {
        throw new Error(`After ${minutes} minutes it was still not so that ${what}.`);
      }
      await sleep(1000);
    }
  }

  public async untilTaskRuns(): Promise<void> {
    await this.until('a task is RUNNING', async () => (await this.tasks()).some(({ lastStatus }) => lastStatus === 'RUNNING'));
  }

  private async readLog(logGroupName: string): Promise<FilteredLogEvent[]> {
    const found: FilteredLogEvent[] = [];
    for (let nextToken: string | undefined, first = true; first || nextToken; first = false) {
      const page: Pick<FilterLogEventsCommandOutput, 'events' | 'nextToken'> = await this.account.logs
        .send(new FilterLogEventsCommand({ logGroupName, nextToken }))
        .catch((error) => {
          if (error.name === 'ResourceNotFoundException') { // the function was never created
            return {};
          }
          throw error;
        });
      found.push(...page.events ?? []);
      nextToken = page.nextToken;
    }
    return found.sort((a, b) => a.timestamp! - b.timestamp!);
  }
}
