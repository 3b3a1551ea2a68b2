import type { Check, Usage } from './checks/check';

/** Dollars, in us-east-1, as published in November 2026; before free tiers and discounts. */
const PRICES = {
  /** https://aws.amazon.com/fargate/pricing/: 0.25 vCPU and 0.5 GB of Linux on x86, with a public IPv4 address */
  fargateHour: 0.25 * 0.04048 + 0.5 * 0.004445 + 0.005,
  /** https://aws.amazon.com/ec2/pricing/on-demand/: t3.micro with a volume of 30 GiB and a public IPv4 address */
  instanceHour: 0.0104 + 30 * 0.08 / 730 + 0.005,
  /** https://aws.amazon.com/ecs/managed-instances/pricing/: a c6i.large with the fee of ECS, a volume of 80 GiB and a public IPv4 address */
  managedInstanceHour: 0.085 * 1.12 + 80 * 0.08 / 730 + 0.005,
  /** https://aws.amazon.com/lambda/pricing/: 256 MiB; there is one such function for as long as a check takes */
  lambdaHour: 0.25 * 3600 * 0.0000166667,
};

/** The shared stack is deployed before the first check. The clean-up after the last one deletes all stacks. */
export const GROUND_MINUTES = 5;
export const CLEAN_UP_MINUTES = 10;

export function costOf({ minutes, usage }: { minutes: number; usage: Usage }): number {
  const { fargateMinutes = 0, instanceMinutes = 0, managedInstanceMinutes = 0 } = usage;
  const hours = fargateMinutes * PRICES.fargateHour + instanceMinutes * PRICES.instanceHour + managedInstanceMinutes * PRICES.managedInstanceHour;
  return roundUp((hours + minutes * PRICES.lambdaHour) / 60);
}

export const minutesOf = (checks: readonly Check[]): number => checks.reduce((sum, { minutes }) => sum + minutes, GROUND_MINUTES + CLEAN_UP_MINUTES);

/** The sum of the costs that are shown for each check, so that a reader who adds them up gets the same sum. */
export const totalCost = (checks: readonly Check[]): number => checks.reduce((sum, check) => sum + costOf(check), 0);

/** Rounds up to a tenth of a cent: an estimate must not be lower than the cost, and many checks cost less than a cent. */
const roundUp = (amount: number): number => Math.ceil(amount * 1000 - 1e-9) / 1000;

export const dollars = (amount: number): string => `${roundUp(amount).toFixed(3)} USD`;
