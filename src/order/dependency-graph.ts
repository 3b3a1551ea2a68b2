import { CfnResource, DefaultTokenResolver, IPostProcessor, IResolvable, IResolveContext, Reference, Stack, Tokenization } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** A resource as it will be in the template, but that a reference to another resource has its address. */
interface Rendered {
  readonly Properties?: { readonly [name: string]: any };
  readonly DependsOn?: string | string[];
}

/** What needs what in a stack and those nested in it, as far as anybody asks: each resource is resolved at most once. */
export class DependencyGraph {
  private readonly byName = new Map<string, CfnResource>();
  private readonly nested = new Map<CfnResource, CfnResource[]>();
  private readonly rendered = new Map<CfnResource, Rendered>();
  private readonly needs = new Map<CfnResource, Set<CfnResource>>();
  private readonly contents = new Map<IConstruct, CfnResource[]>();

  constructor(public readonly resources: CfnResource[]) {
    for (const resource of resources) {
      const { stack, logicalId, node } = resource;
      this.byName.set(node.addr, resource).set(nameIn(stack, stack.resolve(logicalId)), resource);
      const nestedStack = stack.nestedStackResource as CfnResource | undefined;
      if (nestedStack) {
        this.nested.set(nestedStack, this.nested.get(nestedStack) ?? []).get(nestedStack)!.push(resource);
      }
    }
  }

  public isNestedStack(resource: CfnResource): boolean {
    return this.nested.has(resource);
  }

  /** The resources with all that has to be there before them. */
  public closure(resources: CfnResource[]): Set<CfnResource> {
    const found = new Set(resources);
    for (const resource of found) { // comes to those that are added on the way, too
      this.needsOf(resource).forEach((needed) => found.add(needed));
    }
    return found;
  }

  public needsOf(resource: CfnResource): Set<CfnResource> {
    const known = this.needs.get(resource);
    if (known) {
      return known;
    }
    const others = [
      ...this.referencesOf(resource),
      ...resource.node.scopes.flatMap((scope) => scope.node.dependencies).flatMap((dependency) => this.contentsOf(dependency)),
    ];
    const needs = new Set([...others.map((other) => meet(resource, other)[1]), ...this.nested.get(resource) ?? []]);
    this.needs.set(resource, needs);
    return needs;
  }

  public addDependency(resource: CfnResource, on: CfnResource): void {
    resource.node.addDependency(on);
    this.needs.get(resource)?.add(meet(resource, on)[1]);
  }

  /** The properties, but that a reference to another resource has its address. */
  public propertiesOf(resource: CfnResource): { readonly [name: string]: any } {
    return this.render(resource).Properties ?? {};
  }

  /** From the template, where also those stand that were written by hand, with a logical id. */
  private referencesOf(resource: CfnResource): CfnResource[] {
    const { DependsOn = [], ...others } = this.render(resource);
    const references = JSON.stringify(others).matchAll(/"Ref":"(\w+)"|"Fn::GetAtt":\["(\w+)"|\$\{(\w+)/g);
    const names = [...references].map(([, ref, getAtt, sub]) => ref ?? getAtt ?? sub).concat(DependsOn);
    return names.flatMap((name) => this.byName.get(name) ?? this.byName.get(nameIn(resource.stack, name)) ?? []);
  }

  private render(resource: CfnResource): Rendered {
    const known = this.rendered.get(resource);
    if (known) {
      return known;
    }
    const { Resources = {} } = withAddresses(resource, resource._toCloudFormation());
    const [rendered = {}] = Object.values<Rendered>(Resources); // a policy without statements is left out of the template
    this.rendered.set(resource, rendered);
    return rendered;
  }

  private contentsOf(scope: IConstruct): CfnResource[] {
    const contents = this.contents.get(scope) ?? resourcesIn(scope).filter(({ node }) => this.byName.has(node.addr));
    this.contents.set(scope, contents);
    return contents;
  }
}

/**
 * Two resources as the innermost stack around both knows them: one that is nested deeper by its nested stack.
 *
 * They stay what they are if no stack is around both.
 */
export function meet(one: CfnResource, other: CfnResource): [CfnResource, CfnResource] {
  for (const stack of stacksAround(one)) {
    const known = [one, other].map((resource) => knownTo(stack, resource));
    if (known[0] && known[1]) {
      return [known[0], known[1]];
    }
  }
  return [one, other];
}

function knownTo(stack: Stack, resource: CfnResource): CfnResource | undefined {
  let known: CfnResource | undefined = resource;
  while (known && known.stack !== stack) {
    known = known.stack.nestedStackResource as CfnResource | undefined;
  }
  return known;
}

/** The stack of a construct and those in which it is nested, the innermost first. */
export function stacksAround(scope: IConstruct): Stack[] {
  const stacks = [Stack.of(scope)];
  for (let stack = stacks[0].nestedStackParent; stack; stack = stack.nestedStackParent) {
    stacks.push(stack);
  }
  return stacks;
}

export function resourcesIn(scope: IConstruct): CfnResource[] {
  return scope.node.findAll().filter((construct) => CfnResource.isCfnResource(construct));
}

/** Resolves a value, with the address of a resource in place of each reference to it: a logical id is one in its stack only. */
export function withAddresses(scope: IConstruct, value: any): any {
  return Tokenization.resolve(value, { scope, resolver: new AddressResolver() });
}

class AddressResolver extends DefaultTokenResolver {
  constructor() {
    super({
      join: (left, right) => {
        const parts = [left, right].filter((part) => part !== undefined);
        return parts.every((part) => typeof part !== 'object') ? parts.join('') : { 'Fn::Join': ['', parts] };
      },
    });
  }

  public resolveToken(token: IResolvable, context: IResolveContext, postProcessor: IPostProcessor): any {
    return Reference.isReference(token) && CfnResource.isCfnResource(token.target)
      ? { Ref: token.target.node.addr }
      : super.resolveToken(token, context, postProcessor);
  }
}

function nameIn(stack: Stack, logicalId: string): string {
  return `${stack.node.addr}.${logicalId}`;
}
