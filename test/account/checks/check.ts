import type { Scene } from '../scene';

export type Verdict = 'confirmed' | 'refuted' | 'not seen';

/** What the evidence shows about a belief. */
export interface Judgement {
  readonly verdict: Verdict;
  /** What was seen, in one sentence. */
  readonly seen: string;
}

/** One assumption of the code about AWS. */
export interface Belief<Evidence> {
  /** The row of docs/aws-behaviour.md, word for word. */
  readonly believed: string;
  /** What has to change in the code, or can, if AWS behaves differently. */
  readonly ifRefuted: string;
  /** What can change in the code if it is confirmed, unless nothing can. */
  readonly ifConfirmed?: string;
  /** Why the local engine cannot show it. */
  readonly onlyOnAws?: string;
  judge(evidence: Evidence): Judgement;
}

/** What costs money in a check. */
export interface Usage {
  /** Minutes of tasks with 0.25 vCPU and 512 MiB, all tasks together. */
  readonly fargateMinutes?: number;
  /** Minutes of a t3.micro instance. */
  readonly instanceMinutes?: number;
  /** Minutes of an instance that ECS chooses and manages, with up to 2 vCPUs and 4 GiB. */
  readonly managedInstanceMinutes?: number;
}

/** One experiment, and the beliefs that its evidence settles. The evidence is JSON: `undefined` for what was not seen, never NaN. */
export interface Check<Evidence = any> {
  readonly id: string;
  /** What it does: a line of the plan. */
  readonly does: string;
  /** What it creates, besides the stack. */
  readonly creates: string;
  readonly minutes: number;
  readonly usage: Usage;
  readonly beliefs: ReadonlyArray<Belief<Evidence>>;
  observe(scene: Scene): Promise<Evidence>;
}

/** Makes the compiler match the beliefs with the evidence of their check. */
export const defineCheck = <Evidence>(check: Check<Evidence>): Check<Evidence> => check;

export const confirmed = (seen: string): Judgement => ({ verdict: 'confirmed', seen });
export const refuted = (seen: string): Judgement => ({ verdict: 'refuted', seen });
export const notSeen = (seen: string): Judgement => ({ verdict: 'not seen', seen });
