import { Annotations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Under this symbol the CDK has what `Annotations.of(scope).acknowledgeWarning(id)` acknowledges: in the app, or in a stage with some versions. */
const ACKNOWLEDGEMENTS = Symbol.for('@aws-cdk/core.Acknowledgements');

interface Acknowledging {
  /** By the path of the scope. */
  readonly [ACKNOWLEDGEMENTS]?: { readonly acks?: ReadonlyMap<string, { has(id: string): boolean }> };
}

/**
 * Adds a warning, unless a scope around the construct, or the construct itself, has acknowledged it.
 *
 * The library warns when the app is complete. For such late warnings the CDK itself does not ask every scope: never the app, and in some
 * versions neither the stage nor the construct.
 */
export function addWarning(construct: IConstruct, id: string, message: string): void {
  const { scopes } = construct.node;
  const acknowledged = scopes.flatMap((holder) => (holder as Acknowledging)[ACKNOWLEDGEMENTS]?.acks ?? []);
  if (!scopes.some((scope) => acknowledged.some((acks) => acks.get(scope.node.path)?.has(id)))) {
    Annotations.of(construct).addWarningV2(id, message);
  }
}
