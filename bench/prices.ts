/** Dollars, in us-east-1, as published in November 2026; before free tiers and discounts. */
export const PRICES = {
  /** https://aws.amazon.com/lambda/pricing/, x86 */
  lambdaGigabyteSecond: 0.0000166667,
  lambdaRequest: 0.20 / 1_000_000,
  /** https://aws.amazon.com/step-functions/pricing/, standard workflows; retries count */
  stateTransition: 0.025 / 1_000,
};
