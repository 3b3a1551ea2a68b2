import { Reference, Token, Tokenization } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { hasWrongLength, isKnown, isOutside } from './limits';
import { isFargateProvider } from '../task-definition';

export function* checkStrategies(strategies: ecs.CapacityProviderStrategy[]): Generator<string> {
  if (hasWrongLength('capacityProviderStrategies', strategies)) {
    yield `capacityProviderStrategies must have at most 20 items, got: ${strategies.length}`;
  }
  for (const { capacityProvider, weight, base } of strategies) {
    if (isOutside('capacityProviderStrategies.weight', weight)) {
      yield `capacityProviderStrategies must have integer weights from 0 to 1000, got: ${weight} for ${capacityProvider}`;
    }
    if (isOutside('capacityProviderStrategies.base', base)) {
      yield `capacityProviderStrategies must have an integer base from 0 to 100000, got: ${base} for ${capacityProvider}`;
    }
  }
  // Several providers have a weight of 0 by default. One alone is often named without a weight.
  const weights = strategies.map(({ weight = strategies.length > 1 ? 0 : undefined }) => weight);
  if (weights.length > 0 && weights.every((weight) => weight === 0)) {
    yield `capacityProviderStrategies must have a weight above 0 for at least one provider, got: ${weights.join(', ')}; set a weight, which is 0 by default if there are several providers`;
  }
  const withBase = strategies.filter(({ base }) => isKnown(base) && base > 0);
  if (withBase.length > 1) {
    yield `capacityProviderStrategies must have a base for at most one provider, got: ${withBase.map(({ capacityProvider }) => capacityProvider).join(' and ')}; remove all but one base`;
  }
  const providers = strategies.map(({ capacityProvider }) => describeProvider(capacityProvider)).filter(isKnown);
  if (providers.some(isFargateProvider) && !providers.every(isFargateProvider)) {
    yield `capacityProviderStrategies must not mix Fargate with other capacity providers, got: ${providers.join(' and ')}; keep only one kind`;
  }
}

/** The name of a provider, or its path if this app creates it. */
function describeProvider(name: string): string | undefined {
  const { target } = Tokenization.reverseString(name).tokens.find(Reference.isReference) ?? {};
  return target instanceof ecs.CfnCapacityProvider ? target.node.path : Token.isUnresolved(name) ? undefined : name;
}
