import { App, CfnElement, CfnResource, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { IConstruct } from 'constructs';
import { CASES, Given } from './cases';
import { RunFargateTask, RunTask } from '../../../src';

/** A value for each case, by its name. */
export interface Golden<T> { readonly [name: string]: T }

/** What no later version may change in an existing stack. */
export interface Frozen {
  /** All resources that the library creates, with the properties that frozenProperties selects. */
  readonly resources: { readonly [logicalId: string]: { readonly Type: string; readonly Properties?: { readonly [name: string]: any } } };

  readonly outputs: { readonly [logicalId: string]: any };
}

/** The rest of what the library renders, without the notes for cdk-nag, by the logical id of each resource. It may change. */
export interface Reviewed { readonly [logicalId: string]: any }

/** What the cases render, and the props that they use, each with the name of its interface. */
export interface Rendered {
  readonly frozen: Golden<Frozen>;
  readonly reviewed: Golden<Reviewed>;
  readonly props: readonly [struct: string, props: object][];
}

const REPLACING_PROPERTIES: { readonly [type: string]: string[] } = {
  'AWS::EC2::SecurityGroup': ['GroupDescription', 'GroupName', 'VpcId'],
  'AWS::ECS::Cluster': ['ClusterName'],
  'AWS::IAM::Role': ['Path', 'RoleName'],
  'AWS::Lambda::Function': ['FunctionName'],
  'AWS::Logs::LogGroup': ['LogGroupName'],
};

export function renderCases(names = Object.keys(CASES), context: { readonly [key: string]: unknown } = {}): Rendered {
  const rendered = names.flatMap((name) => {
    const given = new Given(new Stack(new App({ context }), 'Stack'));
    CASES[name](given);
    const stacks = given.stack.node.findAll().filter((each) => Stack.isStack(each)) as Stack[];
    return stacks.map((stack) => ({
      name: stack === given.stack ? name : `${name}: ${stack.node.id}`,
      props: stack === given.stack ? given.props : [],
      ...renderStack(stack),
    })).filter(({ frozen }) => Object.keys(frozen.resources).length > 0);
  });
  const first = rendered[0].reviewed;
  return {
    frozen: Object.fromEntries(rendered.map(({ name, frozen }) => [name, frozen])),
    reviewed: Object.fromEntries(rendered.map(({ name, reviewed }, index) => [name, index === 0 ? reviewed : withoutRepetition(reviewed, first)])),
    props: rendered.flatMap(({ props }) => props),
  };
}

function renderStack(stack: Stack): { readonly frozen: Frozen; readonly reviewed: Reviewed } {
  const { Resources, Outputs = {} } = mask(Template.fromStack(stack).toJSON());
  const elements = stack.node.findAll().filter((each): each is CfnElement => CfnElement.isCfnElement(each) && Stack.of(each) === stack);
  const entries = elements.map((element): [string, CfnElement] => [stack.resolve(element.logicalId), element]).sort(([a], [b]) => a < b ? -1 : 1);
  const resources = entries.filter(([logicalId, element]) => logicalId in Resources && CfnResource.isCfnResource(element));
  const functions = resources.filter(([, element]) => isOfTask(element))
    .flatMap(([logicalId]) => Resources[logicalId].Properties?.ServiceToken?.['Fn::GetAtt']?.[0] ?? []);
  const handlers = resources.filter(([logicalId]) => functions.includes(logicalId)).map(([, { node }]) => node.scopes[stack.node.scopes.length]);
  const isOurs = (element: IConstruct) =>
    isOfTask(element) || isDefaultCluster(element) || element.node.scopes.some((scope) => handlers.includes(scope));
  const frozenOf = (logicalId: string) => frozenProperties(Resources[logicalId]);
  return {
    frozen: {
      resources: Object.fromEntries(resources.filter(([, element]) => isOurs(element)).map(([logicalId]) => {
        const [{ Type }, Properties] = [Resources[logicalId], frozenOf(logicalId)];
        return [logicalId, Object.keys(Properties).length > 0 ? { Type, Properties } : { Type }];
      })),
      outputs: Object.fromEntries(entries.filter(([logicalId, element]) => logicalId in Outputs && isOurs(element))
        .map(([logicalId]) => [logicalId, Outputs[logicalId].Value])),
    },
    reviewed: Object.fromEntries(resources.filter(([, element]) => isOurs(element) || isPolicy(element)).map(([logicalId, element]) => {
      const { Type, Properties, DependsOn } = Resources[logicalId];
      const frozen = isOurs(element) ? frozenOf(logicalId) : {};
      const others = Object.entries(Properties ?? {}).filter(([name]) => !(name in frozen));
      return [logicalId, withShortReferences({ DependsOn, Properties: others.length > 0 ? Object.fromEntries(others) : undefined, Type })];
    })),
  };
}

/**
 * The properties that CloudFormation sends to the function, or whose change replaces a resource: the custom resource refers
 * to its name or ARN, so the task would run again.
 */
function frozenProperties({ Type, Properties = {} }: { readonly Type: string; readonly Properties?: object }): { readonly [name: string]: any } {
  const isAll = 'ServiceToken' in Properties || Type === 'AWS::ECS::TaskDefinition';
  return Object.fromEntries(Object.entries(Properties).filter(([name]) => isAll || REPLACING_PROPERTIES[Type]?.includes(name)));
}

function isOfTask({ node }: IConstruct): boolean {
  return node.scopes.some((scope) => scope instanceof RunTask || scope instanceof RunFargateTask);
}

/** The cluster that RunFargateTask creates. Its VPC comes from aws-cdk-lib. */
function isDefaultCluster({ node }: IConstruct): boolean {
  return /\/EcsDefaultCluster[^/]*\/Resource$/.test(node.path);
}

/** Whether it may hold permissions that the library gives to a role of the user. */
function isPolicy(element: CfnElement): boolean {
  return element instanceof CfnResource && ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].includes(element.cfnResourceType);
}

function withoutRepetition(reviewed: Reviewed, first: Reviewed): Reviewed {
  return Object.fromEntries(Object.entries(reviewed).map(([logicalId, resource]) => [
    logicalId, JSON.stringify(resource) === JSON.stringify(first[logicalId]) ? 'as in the first case' : resource,
  ]));
}

/** Masks what differs after each change of a file or at each synthesis, and shortens what is too long to read. */
function mask(template: object): any {
  return JSON.parse(JSON.stringify(sortKeys(template))
    .replace(/\b[0-9a-f]{64}\b/g, '(asset hash)')
    .replace(/"SynthesizedAt":"[\dT:.-]+Z"/g, '"SynthesizedAt":"(time of the synthesis)"')
    .replace(/(long-){20,}/g, '(long-)'));
}

/** CloudFormation ignores the order of keys, and versions of aws-cdk-lib differ in it. */
function sortKeys(value: any): any {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return Array.isArray(value) ? value.map(sortKeys) : Object.fromEntries(Object.keys(value).sort().map((key) => [key, sortKeys(value[key])]));
}

/** Replaces each reference by a short string such as `<Cluster.Arn>`, which makes policies readable. */
function withShortReferences(value: any): any {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(withShortReferences);
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const inside = Object.fromEntries(members.map(([key, member]) => [key, withShortReferences(member)]));
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = inside;
  return (Ref && `<${Ref}>`) ?? (attribute && `<${attribute.join('.')}>`) ?? (join && join[1].join(join[0])) ?? inside;
}

/** JSON with each value on one line if it fits. */
export function format(value: any, indent = '', name = ''): string {
  const line = JSON.stringify(value, null, 1).replace(/\n */g, ' ');
  const isLeaf = typeof value !== 'object' || value === null || Object.keys(value).length === 0;
  if (isLeaf || (indent.length > 2 && indent.length + name.length + line.length < 140)) {
    return line;
  }
  const inside = `${indent}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const lines = Array.isArray(value)
    ? value.map((item) => inside + format(item, inside))
    : Object.entries(value).map(([key, member]) => `${inside}${JSON.stringify(key)}: ${format(member, inside, key)}`);
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}
