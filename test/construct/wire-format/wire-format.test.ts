import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { FLAGS } from 'aws-cdk-lib/cx-api';
import { namesIn, namesOf, readApi } from './api';
import { compareWithRelease, describeChanges, digestOf, lastAccepted } from './changes';
import { Frozen, Golden, renderCases } from './render';
import * as library from '../../../src';

const read = (name: string) => readFileSync(path.join(__dirname, name), 'utf8');
const golden: Golden<Frozen> = JSON.parse(read('frozen.json'));
const rendered = renderCases();
const ACCEPT = 'If this change is intended, accept it as test/construct/wire-format/CHANGES.md describes: npm run accept:wire-format';

describe('the wire format', () => {
  test('renders the frozen part of existing stacks as frozen.json has it, so that an upgrade of the library runs no task again', () => {
    const changes = describeChanges(golden, rendered.frozen);
    if (changes) {
      throw new Error(`${changes}\n\n${ACCEPT}`);
    }
    expect(rendered.frozen).toEqual(golden);
  });

  test('renders the same frozen part with the feature flags of a new app, except for resources that a flag adds', () => {
    const flags = Object.entries(FLAGS).filter(([, flag]) => flag.introducedIn.v2).map(([name, flag]) => [name, flag.recommendedValue]);
    const names = [
      'several tasks in one stack', 'a nested stack', 'a deletion runs another task', 'the function in a VPC',
      'a timeout of three hours, which needs several resources', 'all attributes and an output', 'RunFargateTask with all that it takes',
    ];
    const cases = Object.entries(renderCases(names, Object.fromEntries(flags)).frozen);

    expect(cases).toHaveLength(names.length);
    for (const [name, { resources, outputs }] of cases) {
      const known = Object.entries(resources).filter(([logicalId]) => logicalId in golden[name].resources);
      expect(describeChanges({ [name]: golden[name] }, { [name]: { resources: Object.fromEntries(known), outputs } })).toBe('');
    }
  });

  test('renders policies, the function and the order as reviewed.json has them (npm run accept:wire-format writes it)', () => {
    expect(rendered.reviewed).toEqual(JSON.parse(read('reviewed.json')));
  });

  test('has a reason in CHANGES.md for the last change of frozen.json', () => {
    const { digest, reason } = lastAccepted(read('CHANGES.md'))!;
    if (digest !== digestOf(golden)) {
      throw new Error(`frozen.json has changed. Add this line to the end of CHANGES.md, with the reason in one sentence:\n- \`${digestOf(golden)}\` `);
    }
    expect(reason).toMatch(/\w+ \w+/);
  });
});

describe('the cases of the wire format', () => {
  const api = readApi();

  test('use each prop and each enum value of the public API', () => {
    const used = new Set(rendered.props.flatMap(([struct, props]) =>
      namesIn(api, struct, props, (enumName) => library[enumName as 'RunOn'])));

    expect(namesOf(api)).toEqual(expect.arrayContaining(['RunTaskProps.cluster', 'RunTaskOptions.count', 'NvidiaMps.memoryMiB', 'RunOn.CHANGE']));
    expect(namesOf(api).filter((name) => !used.has(name))).toEqual([]);
  });

  test('use each attribute of the task', () => {
    const outputs = Object.values(golden).flatMap((frozen) => Object.values(frozen.outputs).map((value) => value['Fn::GetAtt'][1].toLowerCase()));

    expect(api.attributes).toContain('RunTask.taskArn');
    expect(api.attributes.filter((name) => !outputs.includes(name.split('.')[1].toLowerCase()))).toEqual([]);
  });
});

describe('the report on a change of the wire format', () => {
  const group = { Type: 'AWS::EC2::SecurityGroup', Properties: { GroupDescription: 'old' } };
  const stack: Frozen = {
    resources: {
      Group: group,
      Handler: { Type: 'AWS::Lambda::Function' },
      Task: { Type: 'Custom::EcsRunTask', Properties: { ServiceToken: { 'Fn::GetAtt': ['Handler', 'Arn'] }, Request: { cluster: { Ref: 'C' } } } },
    },
    outputs: { TaskArn: { 'Fn::GetAtt': ['Task', 'TaskArn'] } },
  };
  const withTask = (properties: object, Type = 'Custom::EcsRunTask'): Frozen =>
    ({ ...stack, resources: { ...stack.resources, Task: { Type, Properties: { ...stack.resources.Task.Properties, ...properties } } } });

  test.each<[string, Frozen, string]>([
    ['a property that is added', withTask({ RunOn: 'CHANGE' }), `An upgrade would run these tasks again:
  - RunOn would be added: "CHANGE" ('case')`],
    ['a property that is removed', withTask({ Request: {} }), `An upgrade would run these tasks again:
  - Request.cluster would be removed: {"Ref":"C"} ('case')`],
    ['a reference that changes', withTask({ Request: { cluster: { Ref: 'D' } } }), `An upgrade would run these tasks again:
  - Request.cluster would change from {"Ref":"C"} to {"Ref":"D"} ('case')`],
    ['another function', withTask({ ServiceToken: 'arn' }), `CloudFormation would refuse the upgrade:
  - the function of a custom resource cannot change: ServiceToken would change from {"Fn::GetAtt":["Handler","Arn"]} to "arn" ('case')`],
    ['another name of the function', { ...stack, resources: { ...stack.resources, Handler: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'f' } } } },
      `CloudFormation would refuse the upgrade:
  - the function of a custom resource cannot change: FunctionName would be added: "f" ('case')`],
    ['a change that replaces what the task uses', { ...stack, resources: { ...stack.resources, Group: { ...group, Properties: { GroupDescription: 'new' } } } },
      `An upgrade would replace resources, and tasks that refer to one of them would run again:
  - AWS::EC2::SecurityGroup: GroupDescription would change from "old" to "new" ('case')`],
    ['another type', withTask({}, 'Custom::Other'), `CloudFormation would refuse the upgrade:
  - the type of a resource cannot change: Custom::EcsRunTask would become Custom::Other ('case')`],
    ['another logical id of the custom resource', { ...stack, resources: { Group: group, Handler: stack.resources.Handler, Other: stack.resources.Task } },
      `An upgrade would run these tasks again:
  - the logical id Task would become Other ('case')`],
    ['another logical id of the function', { ...stack, resources: { Group: group, Task: stack.resources.Task, Other: stack.resources.Handler } },
      `An upgrade would replace resources, and tasks that refer to one of them would run again:
  - AWS::Lambda::Function Handler would become Other ('case')`],
    ['a resource that is removed', { ...stack, resources: { Group: group, Task: stack.resources.Task } }, `An upgrade would delete resources:
  - AWS::Lambda::Function Handler ('case')`],
    ['one more resource', { ...stack, resources: { ...stack.resources, Role: { Type: 'AWS::IAM::Role' } } }, `An upgrade would create more resources:
  - AWS::IAM::Role Role ('case')`],
    ['an output with another name', { ...stack, outputs: { Arn: stack.outputs.TaskArn } },
      `An upgrade would change outputs of the stack, which other stacks and scripts read:
  - TaskArn would change its name to Arn ('case')`],
    ['an output of another attribute', { ...stack, outputs: { TaskArn: { 'Fn::GetAtt': ['Task', 'Arn'] } } },
      `An upgrade would change outputs of the stack, which other stacks and scripts read:
  - TaskArn would show {"Fn::GetAtt":["Task","Arn"]} instead of {"Fn::GetAtt":["Task","TaskArn"]} ('case')`],
    ['an output that is removed', { ...stack, outputs: {} }, `An upgrade would change outputs of the stack, which other stacks and scripts read:
  - TaskArn would be removed ('case')`],
  ])('shows %s', (_, after, expected) => {
    expect(describeChanges({ case: stack }, { case: after })).toBe(expected);
  });

  test('shows another logical id of a custom resource with onDelete', () => {
    const { Handler, Task } = withTask({ OnDelete: {} }).resources;

    expect(describeChanges({ case: { resources: { Handler, Task }, outputs: {} } }, { case: { resources: { Handler, Other: Task }, outputs: {} } }))
      .toBe("An upgrade would run these tasks again:\n  - the logical id Task would become Other, and onDelete would run ('case')");
  });

  test('shows a case that was removed, and a new one', () => {
    expect(describeChanges({ before: stack }, { after: stack })).toBe(`A case was removed, although users may still have stacks like it. Cases are only appended:
  - before ('before')
A case is new, and existing stacks stay as they are:
  - after ('after')`);
  });

  test('shows the same change in many cases once', () => {
    const after = withTask({ RunOn: 'CHANGE' });

    expect(describeChanges({ a: stack, b: stack, c: stack, d: stack }, { a: after, b: after, c: after, d: after }))
      .toBe("An upgrade would run these tasks again:\n  - RunOn would be added: \"CHANGE\" ('a', 'b' and 2 more)");
  });

  test('is empty if nothing changed', () => {
    expect(describeChanges({ case: stack }, { case: stack })).toBe('');
  });

  describe('since the last release', () => {
    const released = { frozen: { case: stack }, page: '- `0123456789ab` It was so at first.' };
    const after = { case: withTask({ RunOn: 'CHANGE' }) };
    const report = "An upgrade would run these tasks again:\n  - RunOn would be added: \"CHANGE\" ('case')";

    test('accepts the same format', () => {
      expect(compareWithRelease(released, released)).toEqual({ isAccepted: true, report: 'It is the same.' });
    });

    test('accepts a new case', () => {
      expect(compareWithRelease(released, { ...released, frozen: { case: stack, after: stack } }))
        .toEqual({ isAccepted: true, report: "A case is new, and existing stacks stay as they are:\n  - after ('after')" });
    });

    test('rejects a change that only an earlier release has accepted, even together with a new case', () => {
      const rejected = { isAccepted: false, report: `${report}\nCHANGES.md does not accept this: npm run accept:wire-format` };

      expect(compareWithRelease({ ...released, page: `- \`${digestOf(after)}\` It was tried.` }, { frozen: after, page: `- \`${digestOf(after)}\` It was tried.` }))
        .toEqual(rejected);
      expect(compareWithRelease(released, { ...released, frozen: { ...after, after: stack } }).isAccepted).toBe(false);
    });

    test('accepts a change that has its reason in CHANGES.md', () => {
      const page = `${released.page}\n- \`${digestOf(after)}\` Tasks run after each change.`;

      expect(compareWithRelease(released, { frozen: after, page })).toEqual({ isAccepted: true, report: `${report}\nAccepted: Tasks run after each change.` });
    });
  });
});
