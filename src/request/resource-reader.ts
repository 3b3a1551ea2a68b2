import { CfnResource, DefaultTokenResolver, IPostProcessor, IResolvable, IResolveContext, Reference, Token, Tokenization } from 'aws-cdk-lib';

/**
 * The properties of a resource as they are in the template, with its aspects and escape hatches so far.
 *
 * References stay tokens, so that they can be used in another resource, of a nested stack, too.
 */
export function readProperties(resource: CfnResource): { readonly [name: string]: any } {
  const resolver = new ReferenceKeeper();
  const { Resources } = Tokenization.resolve(resource._toCloudFormation(), { scope: resource, resolver, preparing: false });
  const [rendered] = Object.values<any>(Resources);
  return resolver.restore(rendered.Properties ?? {});
}

/** Leaves a placeholder for each reference, in the form of a reference: the resource validates its properties while it is resolved. */
class ReferenceKeeper extends DefaultTokenResolver {
  private readonly references: Reference[] = [];

  constructor() {
    super({
      join: (left, right) => {
        const parts = [left, right].filter((part) => part !== undefined);
        return parts.every((part) => typeof part !== 'object') ? parts.join('') : { 'Fn::Join': ['', parts] };
      },
    });
  }

  public resolveToken(token: IResolvable, context: IResolveContext, postProcessor: IPostProcessor): any {
    return Reference.isReference(token)
      ? { Ref: `reference.${this.references.push(token) - 1}` }
      : super.resolveToken(token, context, postProcessor);
  }

  public restore(value: any): any {
    if (Array.isArray(value)) {
      return value.map((item) => this.restore(item));
    }
    if (typeof value !== 'object' || value === null) {
      return value;
    }
    const index = /^reference\.(\d+)$/.exec(value.Ref)?.[1];
    return index === undefined
      ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, this.restore(member)]))
      : Token.asString(this.references[Number(index)]);
  }
}
