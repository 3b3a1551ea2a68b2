import type { Check, Usage } from './checks/check';

/** Dollars, in us-east-1, as published in November 2026; before free tiers and discounts. */
const PRICES = {
  /** https://aws.amazon.com/fargate/pricing/: 0.25 vCPU and 0.5 GB of Linux on x86, with a public IPv4 address */
  fargateHour: 0.25 * 0.04048 + 0.5 * 0.004445 + 0.005,
  /** https://aws.amazon.com/ec2/pricing/on-demand/: t3.micro with a volume of 30 GiB and a public IPv4 address */
  instanceHour: 0.0104 + 30 * 0.08 / 730 + 0.005,
  /** https://aws.amazon.com/lambda/pricing/: 256 MiB; there is one such function for as long as a check takes */
  lambdaHour: 0.25 * 3600 * 0.0000166667,
};

/** The shared stack: created before the first check and deleted after the last. */
export const GROUND_MINUTES = 5;

export function costOf({ minutes, usage }: { minutes: number; usage: Usage }): number {
  const { fargateMinutes = 0, instanceMinutes = 0 } = usage;
  return (fargateMinutes * PRICES.fargateHour + instanceMinutes * PRICES.instanceHour + minutes * PRICES.lambdaHour) / 60;
}

export const minutesOf = (checks: readonly Check[]): number => checks.reduce((sum, { minutes }) => sum + minutes, GROUND_MINUTES);

export const totalCost = (checks: readonly Check[]): number => checks.reduce((sum, check) => sum + costOf(check), 0);

/** Rounded up to a cent: an estimate must not promise less than it costs. */
export const dollars = (amount: number): string => `${(Math.ceil(amount * 100 - 1e-9) / 100).toFixed(2)} USD`;
