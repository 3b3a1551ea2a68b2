import { App, CfnElement, CfnResource, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { IConstruct } from 'constructs';
import { CASES, Given } from './cases';
import { RunFargateTask, RunTask } from '../../../src';

/** By the name of each case. */
export interface Golden<T> { readonly [name: string]: T }

/** What no later version may change in a stack that exists. */
export interface Frozen {
  /** What the library creates. Those with properties are the custom resources. */
  readonly resources: { readonly [logicalId: string]: { readonly Type: string; readonly Properties?: { readonly [name: string]: any } } };

  readonly outputs: { readonly [logicalId: string]: any };
}

/** All else that the library renders but notes for cdk-nag: by the logical id of each resource. It may change. */
export interface Reviewed { readonly [logicalId: string]: any }

/** What the cases render, and the props that they give, by the name of the interface. */
export interface Rendered {
  readonly frozen: Golden<Frozen>;
  readonly reviewed: Golden<Reviewed>;
  readonly props: readonly [struct: string, props: object][];
}

export function renderCases(): Rendered {
  const rendered = Object.entries(CASES).flatMap(([name, build]) => {
    const given = new Given(new Stack(new App(), 'Stack'));
    build(given);
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
  const created = resources.filter(([, element]) => isOurs(element));
  const isCustom = (logicalId: string) => Resources[logicalId].Properties?.ServiceToken !== undefined;
  return {
    frozen: {
      resources: Object.fromEntries(created.map(([logicalId]) => {
        const { Type, Properties } = Resources[logicalId];
        return [logicalId, isCustom(logicalId) ? { Type, Properties } : { Type }];
      })),
      outputs: Object.fromEntries(entries.filter(([logicalId, element]) => logicalId in Outputs && isOurs(element))
        .map(([logicalId]) => [logicalId, Outputs[logicalId].Value])),
    },
    reviewed: Object.fromEntries(resources.filter(([, element]) => isOurs(element) || isPolicy(element)).map(([logicalId]) => {
      const { Type, Properties, DependsOn } = Resources[logicalId];
      return [logicalId, withShortReferences(isCustom(logicalId) ? { DependsOn } : { DependsOn, Properties, Type })];
    })),
  };
}

/** Whether the library creates it, and not the user. The default cluster's new VPC is that of aws-cdk-lib. */
function isOurs(element: IConstruct): boolean {
  const isDefaultCluster = /^[^/]*\/EcsDefaultCluster[^/]*\/Resource$/.test(element.node.path);
  return isDefaultCluster || element.node.scopes.some((scope) =>
    scope instanceof RunTask || scope instanceof RunFargateTask || scope.node.id === 'EcsRunTaskHandler');
}

/** The library gives permissions to roles of the user. */
function isPolicy(element: CfnElement): boolean {
  return element instanceof CfnResource && ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].includes(element.cfnResourceType);
}

function withoutRepetition(reviewed: Reviewed, first: Reviewed): Reviewed {
  return Object.fromEntries(Object.entries(reviewed).map(([logicalId, resource]) => [
    logicalId, JSON.stringify(resource) === JSON.stringify(first[logicalId]) ? 'as in the first case' : resource,
  ]));
}

/** Puts a word in place of what is different at each change of a file, at each synthesis, or too long to read. */
function mask(template: object): any {
  return JSON.parse(JSON.stringify(sortKeys(template))
    .replace(/\b[0-9a-f]{64}\b/g, '(asset hash)')
    .replace(/"SynthesizedAt":"[\dT:.-]+Z"/g, '"SynthesizedAt":"(time of the synthesis)"')
    .replace(/(long-){20,}/g, '(long-)'));
}

/** CloudFormation does not look at the order of keys, and the versions of aws-cdk-lib have different ones. */
function sortKeys(value: any): any {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return Array.isArray(value) ? value.map(sortKeys) : Object.fromEntries(Object.keys(value).sort().map((key) => [key, sortKeys(value[key])]));
}

/** With `<Cluster.Arn>` for a reference, so that a policy can be read. */
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

/** JSON in which a value is on one line if it fits. */
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
