import type { Account } from './account';
import { cleanUp, DENIAL, findRuns } from './clean-up';
import { stackName, TAG } from './tags';

jest.mock('node:timers/promises', () => ({ setTimeout: async () => undefined }));

const RUN = '1a2b3c4d';
const TAGS = [{ Key: TAG, Value: RUN }];
const ARN = 'arn:aws:ecs:eu-west-1:111122223333';

interface FakeStack {
  readonly StackId: string;
  readonly StackName: string;
  readonly Tags: typeof TAGS;
  StackStatus: string;
  EnableTerminationProtection?: boolean;
}

const stack = (check: string, StackStatus: string, more: Partial<FakeStack> = {}): FakeStack =>
  ({ StackId: `id-${check}`, StackName: stackName(RUN, check), Tags: TAGS, StackStatus, ...more });

/** An account with these stacks. A deletion succeeds unless `deletions` has another outcome for it. An operation in progress ends after one read. */
class FakeAccount {
  readonly calls: Array<[string, any]> = [];
  readonly account: Account;

  constructor(private readonly stacks: FakeStack[], private readonly more: {
    readonly deletions?: string[];
    readonly resources?: object[];
    readonly tagged?: string[];
    readonly capacityProviders?: object[];
    readonly policies?: string[];
    readonly running?: string[];
  } = {}) {
    const client = { send: async ({ constructor: { name }, input }: { constructor: { name: string }; input: any }) => this.answer(name.replace('Command', ''), input) };
    this.account = { id: '1', region: 'eu-west-1', cloudFormation: client, ecs: client, iam: client, logs: client, tagging: client } as unknown as Account;
  }

  inputsOf(name: string): any[] {
    return this.calls.filter(([call]) => call === name).map(([, input]) => input);
  }

  private answer(name: string, input: any): object {
    this.calls.push([name, input]);
    const one = this.stacks.find(({ StackId }) => StackId === input.StackName);
    switch (name) {
      case 'DescribeStacks': return this.describe(input.StackName, one);
      case 'DescribeStackResources': return { StackResources: this.more.resources };
      case 'CancelUpdateStack': one!.StackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS'; return {};
      case 'UpdateTerminationProtection': one!.EnableTerminationProtection = input.EnableTerminationProtection; return {};
      case 'DeleteStack': return this.delete(one!);
      case 'GetResources': return { ResourceTagMappingList: (this.more.tagged ?? []).map((ResourceARN) => ({ ResourceARN, Tags: TAGS })) };
      case 'DescribeCapacityProviders': return { capacityProviders: this.more.capacityProviders };
      case 'ListRolePolicies': return { PolicyNames: this.more.policies };
      case 'ListTasks': return { taskArns: this.more.running };
      default: return {};
    }
  }

  private describe(id: string | undefined, one: FakeStack | undefined): object {
    if (!id) {
      return { Stacks: this.stacks };
    }
    const now = { ...one! };
    if (/^UPDATE.*_IN_PROGRESS$/.test(now.StackStatus) && now.StackStatus !== 'UPDATE_IN_PROGRESS') {
      one!.StackStatus = 'UPDATE_ROLLBACK_COMPLETE';
    }
    return { Stacks: [now] };
  }

  private delete(one: FakeStack): object {
    if (one.EnableTerminationProtection) {
      throw new Error('TerminationProtection is enabled');
    }
    one.StackStatus = this.more.deletions?.shift() ?? 'DELETE_COMPLETE';
    return {};
  }
}

const ignore = () => undefined;

describe('the clean-up deletes a stack', () => {
  test.each(['CREATE_COMPLETE', 'REVIEW_IN_PROGRESS', 'CREATE_IN_PROGRESS', 'ROLLBACK_COMPLETE', 'UPDATE_ROLLBACK_FAILED', 'UPDATE_FAILED'])('in %s at once', async (status) => {
    const fake = new FakeAccount([stack('one', status)]);

    expect(await cleanUp(fake.account, RUN, ignore)).toEqual([]);
    expect(fake.inputsOf('DeleteStack')).toEqual([{ StackName: 'id-one', RetainResources: undefined }]);
    expect(fake.inputsOf('CancelUpdateStack')).toEqual([]);
  });

  test('in UPDATE_IN_PROGRESS after it has cancelled the update and waited for its rollback', async () => {
    const fake = new FakeAccount([stack('one', 'UPDATE_IN_PROGRESS')]);

    expect(await cleanUp(fake.account, RUN, ignore)).toEqual([]);
    expect(fake.calls.map(([name]) => name).filter((name) => /Cancel|Delete(?!Log|Task)/.test(name))).toEqual(['CancelUpdateStack', 'DeleteStack']);
  });

  test('with termination protection, which an interrupted check has set', async () => {
    const fake = new FakeAccount([stack('one', 'UPDATE_COMPLETE', { EnableTerminationProtection: true })]);

    expect(await cleanUp(fake.account, RUN, ignore)).toEqual([]);
  });

  test('after it has stopped the tasks of its cluster and removed the denial from its role', async () => {
    const resources = [{ ResourceType: 'AWS::ECS::Cluster', PhysicalResourceId: 'c' }, { ResourceType: 'AWS::IAM::Role', PhysicalResourceId: 'r' }];
    const fake = new FakeAccount([stack('one', 'CREATE_COMPLETE')], { resources, running: ['t'], policies: ['Other', DENIAL] });

    await cleanUp(fake.account, RUN, ignore);

    expect(fake.inputsOf('StopTask')).toEqual([expect.objectContaining({ cluster: 'c', task: 't' })]);
    expect(fake.inputsOf('DeleteRolePolicy')).toEqual([{ RoleName: 'r', PolicyName: DENIAL }]);
  });

  test('without its custom resources, if their deletion failed', async () => {
    const resources = [
      { ResourceType: 'Custom::EcsRunTask', ResourceStatus: 'DELETE_FAILED', LogicalResourceId: 'Run' },
      { ResourceType: 'AWS::EC2::SecurityGroup', ResourceStatus: 'DELETE_FAILED', LogicalResourceId: 'Group' },
    ];
    const fake = new FakeAccount([stack('one', 'CREATE_COMPLETE')], { resources, deletions: ['DELETE_FAILED'] });

    expect(await cleanUp(fake.account, RUN, ignore)).toEqual([]);
    expect(fake.inputsOf('DeleteStack').map(({ RetainResources }) => RetainResources)).toEqual([undefined, ['Run']]);
  });

  test('four times at most, and then says where to look', async () => {
    const fake = new FakeAccount([stack('one', 'CREATE_COMPLETE')], { deletions: Array.from({ length: 9 }, () => 'DELETE_FAILED') });

    await expect(cleanUp(fake.account, RUN, ignore)).rejects.toThrow(
      'run-task-verify-1a2b3c4d-one cannot be deleted. Look at its events in the CloudFormation console, then clean up again with --resume.');
    expect(fake.inputsOf('DeleteStack')).toHaveLength(4);
  });

  test('of a check before the shared stack, and no stack of another run or of the user', async () => {
    const fake = new FakeAccount([
      stack('ground', 'CREATE_COMPLETE'), stack('one', 'CREATE_COMPLETE'),
      stack('other', 'CREATE_COMPLETE', { Tags: [{ Key: TAG, Value: '99999999' }] }), stack('user', 'CREATE_COMPLETE', { Tags: [] }),
    ]);

    expect(await cleanUp(fake.account, RUN, ignore)).toEqual([]);
    expect(fake.inputsOf('DeleteStack').map(({ StackName }) => StackName)).toEqual(['id-one', 'id-ground']);
    expect(await findRuns(fake.account)).toEqual(['99999999']);
  });
});

describe('after the clean-up', () => {
  const provider = `${ARN}:capacity-provider/p`;

  test('a deleted capacity provider counts as gone, although the tagging API still lists it', async () => {
    const fake = new FakeAccount([], { tagged: [provider], capacityProviders: [{ status: 'INACTIVE' }] });

    expect(await cleanUp(fake.account, RUN, ignore)).toEqual([]);
  });

  test('the ARN of each resource that is left is returned', async () => {
    const queue = 'arn:aws:sqs:eu-west-1:111122223333:q';
    const fake = new FakeAccount([], { tagged: [provider, queue], capacityProviders: [{ status: 'ACTIVE' }] });

    expect(await cleanUp(fake.account, RUN, ignore)).toEqual([provider, queue]);
  });
});
