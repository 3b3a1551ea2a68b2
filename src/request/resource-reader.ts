import { CfnParameter, CfnResource, DefaultTokenResolver, IPostProcessor, IResolvable, IResolveContext, Reference, SecretValue, Token, Tokenization } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { removeNoValues } from './intrinsics';

/** A resolved value, except for its references: each reader needs something else in their place. */
export class Resolved {
  constructor(private readonly value: any, private readonly references: Reference[]) {}

  public replaceReferences(replace: (reference: Reference) => any): any {
    return replacePlaceholders(this.value, (index) => replace(this.references[index]));
  }
}

/** Resolves each resource at most once for all readers. Use it only while the resources do not change. */
export class ResourceReader {
  private readonly resolved = new Map<CfnResource, Resolved>();

  constructor(private readonly reading: Reading = {}) {}

  public read(resource: CfnResource): Resolved {
    const resolved = this.resolved.get(resource) ?? readResource(resource, this.reading);
    this.resolved.set(resource, resolved);
    return resolved;
  }
}

interface Reading {
  /** The properties to read, with their names in the CDK. By default all. */
  readonly only?: string[];
  /**
   * Whether lazy values keep what they are resolved to. By default the app and its aspects can still change them.
   *
   * Some can be resolved only once, because they create constructs, such as those of the lifecycle hooks of a service.
   */
  readonly isFinal?: boolean;
}

/** The resource as it will be in the template, with its aspects and escape hatches so far. */
export function readResource(resource: CfnResource, reading: Reading = {}): Resolved {
  const { Resources = {} }: { readonly Resources?: object } = resource._toCloudFormation();
  const [rendered = {}] = Object.values(Resources); // a policy without statements is left out of the template
  try {
    return readValue(resource, rendered, reading);
  } catch (error) {
    (error as Error).message = `[${resource.node.path}] ${(error as Error).message}`; // the CDK names only the token
    throw error;
  }
}

/** The logical id of the condition of a resource, which an escape hatch can set, too. */
export function readCondition(resource: CfnResource): string | undefined {
  return resource.stack.resolve(resource['rawOverrides'].Condition ?? resource.cfnOptions.condition?.logicalId); // eslint-disable-line dot-notation
}

export function readValue(scope: IConstruct, value: any, reading: Reading = {}): Resolved {
  const resolver = new ReferenceKeeper(reading);
  return new Resolved(joinSubs(Tokenization.resolve(value, { scope, resolver, preparing: false })), resolver.references);
}

/** The references of CfnInclude can be in the text of an Fn::Sub, where only a text can be: takes them out of it. */
function joinSubs(value: any): any {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(joinSubs);
  }
  const [text, ...variables] = [value['Fn::Sub']].flat();
  if (typeof text !== 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, joinSubs(member)]));
  }
  const substitute = (part: unknown) => typeof part === 'string' && part.includes('${')
    ? { 'Fn::Sub': variables.length > 0 ? [part, ...joinSubs(variables)] : part }
    : part;
  const parts = listParts(text).map(substitute);
  return parts.length > 1 ? { 'Fn::Join': ['', parts] } : parts[0];
}

/** The properties of a resource, with its references as tokens. */
export function readProperties(resource: Resolved): { readonly [name: string]: any } {
  return readReferences(resource).Properties ?? {};
}

/** A value whose references are tokens, so that they can be used in another resource, of a nested stack, too. */
export function readReferences(value: Resolved): any {
  return removeNoValues(value.replaceReferences((reference) => Token.asString(reference)));
}

/** Leaves a placeholder for each reference, in the form of a reference: the resource validates its properties while it is resolved. */
class ReferenceKeeper extends DefaultTokenResolver {
  public readonly references: Reference[] = [];

  constructor(private readonly reading: Reading) {
    super({
      join: (left, right) => {
        const parts = [left, right].filter((part) => part !== undefined);
        return parts.every((part) => typeof part !== 'object') ? parts.join('') : { 'Fn::Join': ['', parts] };
      },
    });
  }

  public resolveToken(token: IResolvable, context: IResolveContext, postProcessor: IPostProcessor): any {
    const { only, isFinal } = this.reading;
    const [member, property] = context.documentPath;
    // An override has the name that CloudFormation gives to the property.
    if (only && member === 'Properties' && property !== undefined && !only.includes(property[0].toLowerCase() + property.slice(1))) {
      return undefined;
    }
    if (Reference.isReference(token)) {
      const reference = context.documentPath.includes('Fn::Sub') ? outsideSub(token) : token;
      return { Ref: `reference.${this.references.push(reference) - 1}` };
    }
    if (SecretValue.isSecretValue(token)) { // with a feature flag the CDK throws for the token itself
      return context.resolve(token.unsafeUnwrap());
    }
    return super.resolveToken(isFinal ? token : copyIfLazy(token), context, postProcessor);
  }
}

/** The parts that the resolver has joined, two by two. */
function listParts(text: any): unknown[] {
  return text?.['Fn::Join'] ? text['Fn::Join'][1].flatMap(listParts) : [text];
}

/** The same reference, which in the text of an Fn::Sub becomes `${NAME}`. */
function outsideSub(reference: Reference): Reference {
  const { target, displayName } = reference;
  if (CfnResource.isCfnResource(target) && displayName !== 'Ref') {
    return target.getAtt(displayName);
  }
  const ofResource = CfnResource.isCfnResource(target) ? Tokenization.reverseString(target.ref).firstToken : undefined;
  const found = target instanceof CfnParameter ? target.value : ofResource;
  return Reference.isReference(found) ? found : reference;
}

/** A lazy value keeps what it was first resolved to. Here only a copy keeps it, because the app and its aspects can still change the value. */
function copyIfLazy(token: IResolvable): IResolvable {
  if ('inner' in token) { // later versions of the CDK put the lazy value into a box
    return Object.assign(Object.create(token), { inner: copyIfLazy(token.inner as IResolvable) });
  }
  return 'producer' in token ? Object.create(token) : token;
}

function replacePlaceholders(value: any, replace: (index: number) => any): any {
  if (Array.isArray(value)) {
    return value.map((item) => replacePlaceholders(item, replace));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const index = /^reference\.(\d+)$/.exec(value.Ref)?.[1];
  return index === undefined
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, replacePlaceholders(member, replace)]))
    : replace(Number(index));
}
