import { Aws, CfnResource, Fn, Reference, Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { listAllNames, listNames } from '../request/intrinsics';
import { readValue, Resolved, ResourceReader } from '../request/resource-reader';
import { findOutermostStack, listStacksAround } from '../request/stacks';

/** A resource as it will be in the template, except that each reference to a resource contains the address of that resource. */
interface Rendered {
  readonly Type?: string;
  readonly Properties?: { readonly [name: string]: any };
  readonly DependsOn?: string | string[];
  readonly Condition?: string;
}

/** The key in the Metadata of a resource for references to resources that it waits for and that cannot be in its DependsOn. They change no property. */
const WAITS_FOR = 'cdk-ecs-run-task:WaitsFor';

/** The dependencies between the resources of a stack and of the stacks nested in it. Resources are resolved on demand. */
export class DependencyGraph {
  private readonly resourcesByName = new Map<string, CfnResource>();
  private readonly nested = new Map<CfnResource, CfnResource[]>();
  private readonly rendered = new Map<CfnResource, Rendered>();
  private readonly properties = new Map<CfnResource, { readonly [name: string]: any }>();
  private readonly needs = new Map<CfnResource, Set<CfnResource>>();
  private readonly contents = new Map<IConstruct, CfnResource[]>();

  public readonly resources: CfnResource[];

  constructor(root: Stack, private readonly reader: ResourceReader) {
    this.resources = listResources(root);
    for (const resource of this.resources) {
      const { stack, logicalId, node } = resource;
      this.resourcesByName.set(node.addr, resource).set(qualifyName(stack, stack.resolve(logicalId)), resource);
      const nestedStack = stack.nestedStackResource as CfnResource | undefined;
      if (nestedStack) {
        this.nested.set(nestedStack, this.nested.get(nestedStack) ?? []).get(nestedStack)!.push(resource);
      }
    }
  }

  public isNestedStack(resource: CfnResource): boolean {
    return this.nested.has(resource);
  }

  /** The resources, and everything that must exist before them. */
  public findClosure(resources: CfnResource[]): Set<CfnResource> {
    const found = new Set(resources);
    for (const resource of found) { // visits the resources that are added during the loop, too
      this.findNeeds(resource).forEach((needed) => found.add(needed));
    }
    return found;
  }

  /** Whether one of the resources that must exist before a resource, or the resource itself, is such. */
  public needsAny(resource: CfnResource, isSuch: (needed: CfnResource) => boolean): boolean {
    return [...this.findClosure([resource])].some(isSuch);
  }

  public findNeeds(resource: CfnResource): Set<CfnResource> {
    const known = this.needs.get(resource);
    if (known) {
      return known;
    }
    const dependencies = [
      ...this.findReferences(resource),
      ...resource.node.scopes.flatMap((scope) => scope.node.dependencies).flatMap((dependency) => this.findContents(dependency)),
    ];
    const needs = new Set([...dependencies.map((dependency) => liftToCommonStack(resource, dependency)[1]), ...this.nested.get(resource) ?? []]);
    this.needs.set(resource, needs);
    return needs;
  }

  /**
   * Makes a resource wait for another one, if that exists.
   *
   * CloudFormation rejects a DependsOn on a resource whose condition is false. An override of DependsOn replaces everything that is added to it.
   */
  public addDependency(resource: CfnResource, dependency: CfnResource): void {
    const [waiter, needed] = liftToCommonStack(resource, dependency);
    const { Type, Condition }: Rendered = waiter.stack === needed.stack ? this.render(needed) : {};
    const canBeMissing = Condition && Condition !== this.render(waiter).Condition;
    const isOverridden = Type && 'DependsOn' in waiter['rawOverrides']; // eslint-disable-line dot-notation
    if (canBeMissing || isOverridden) {
      const reference = canBeMissing ? Fn.conditionIf(Condition, needed.ref, Aws.NO_VALUE) : needed.ref;
      waiter.addMetadata(WAITS_FOR, { ...waiter.getMetadata(WAITS_FOR), [waiter.stack.resolve(needed.logicalId)]: reference });
    } else {
      resource.node.addDependency(dependency);
    }
    this.findNeeds(resource).add(needed);
  }

  /** The properties, in which `Ref` to an address is any reference to that resource, also one that was written manually. */
  public renderProperties(resource: CfnResource): { readonly [name: string]: any } {
    const known = this.properties.get(resource);
    if (known) {
      return known;
    }
    const findReference = (name: string) => {
      const address = this.resourcesByName.get(qualifyName(resource.stack, name))?.node.addr;
      return address ? [{ Ref: address }] : [];
    };
    const properties = JSON.parse(JSON.stringify(this.render(resource).Properties ?? {}), (_, value) => {
      const [reference, ...others] = listNames(Object(value)).flatMap(findReference);
      return others.length > 0 ? [reference, ...others] : reference ?? value;
    });
    this.properties.set(resource, properties);
    return properties;
  }

  /** Read from the template, because it includes references that were written manually, with a logical id. */
  private findReferences(resource: CfnResource): CfnResource[] {
    const { DependsOn = [], ...rest } = this.render(resource);
    return listAllNames(rest).concat(DependsOn).flatMap((name) =>
      this.resourcesByName.get(name) ?? this.resourcesByName.get(qualifyName(resource.stack, name)) ?? []);
  }

  private render(resource: CfnResource): Rendered {
    const known = this.rendered.get(resource);
    if (known) {
      return known;
    }
    const rendered: Rendered = useAddresses(resource, this.reader.read(resource));
    this.rendered.set(resource, rendered);
    return rendered;
  }

  private findContents(scope: IConstruct): CfnResource[] {
    const contents = this.contents.get(scope) ?? listResources(scope).filter(({ node }) => this.resourcesByName.has(node.addr));
    this.contents.set(scope, contents);
    return contents;
  }
}

/**
 * Lifts two resources to the innermost stack that contains both: a resource of a nested stack becomes the nested stack.
 *
 * The resources stay the same if no stack contains both.
 */
export function liftToCommonStack(first: CfnResource, second: CfnResource): [CfnResource, CfnResource] {
  if (first.stack === second.stack) {
    return [first, second];
  }
  for (const stack of listStacksAround(first)) {
    const [liftedFirst, liftedSecond] = [first, second].map((resource) => liftTo(stack, resource));
    if (liftedFirst && liftedSecond) {
      return [liftedFirst, liftedSecond];
    }
  }
  return [first, second];
}

function liftTo(stack: Stack, resource: CfnResource): CfnResource | undefined {
  let lifted: CfnResource | undefined = resource;
  while (lifted && lifted.stack !== stack) {
    lifted = lifted.stack.nestedStackResource as CfnResource | undefined;
  }
  return lifted;
}

/** The resources in a scope. A stack means itself and the stacks nested in it: other stacks in its scope are deployed separately. */
export function listResources(scope: IConstruct): CfnResource[] {
  const resources = scope.node.findAll().filter((construct) => CfnResource.isCfnResource(construct));
  return Stack.isStack(scope) ? resources.filter((resource) => findOutermostStack(resource) === findOutermostStack(scope)) : resources;
}

/** Resolves a value, with addresses in place of logical ids: a logical id is unique only in its stack. */
export function resolveWithAddresses(scope: IConstruct, value: any): any {
  return useAddresses(scope, readValue(scope, value));
}

function useAddresses(scope: IConstruct, resolved: Resolved): any {
  return resolved.replaceReferences((reference: Reference) =>
    CfnResource.isCfnResource(reference.target) ? { Ref: reference.target.node.addr } : Stack.of(scope).resolve(reference));
}

function qualifyName(stack: Stack, logicalId: string): string {
  return `${stack.node.addr}.${logicalId}`;
}
