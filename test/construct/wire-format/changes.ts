import { createHash } from 'node:crypto';
import type { Frozen, Golden } from './render';

const RUNS_AGAIN = 'An upgrade would run these tasks again';
const REFUSED = 'CloudFormation would refuse the upgrade';
const REPLACED = 'An upgrade would replace resources, and tasks that refer to one of them would run again';
const REMOVED = 'An upgrade would delete resources';
const ADDED = 'An upgrade would create more resources';
const OUTPUTS = 'An upgrade would change outputs of the stack, which other stacks and scripts read';
const NO_CASE = 'A case was removed, although users may still have stacks like it. Cases are only appended';
const NEW_CASE = 'A case is new, and existing stacks stay as they are';

/** What an upgrade would do to existing stacks, and which part of the template causes it. */
interface Change {
  readonly effect: string;
  readonly what: string;
}

/** What users would see if the frozen part changed like this. Empty if it is the same. */
export function describeChanges(before: Golden<Frozen>, after: Golden<Frozen>): string {
  const found = new Map<string, Map<string, string[]>>();
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    for (const { effect, what } of changesOf(name, before[name], after[name])) {
      const causes = found.get(effect) ?? found.set(effect, new Map()).get(effect)!;
      causes.set(what, [...causes.get(what) ?? [], name]);
    }
  }
  return [...found].map(([effect, causes]) => [
    `${effect}:`,
    ...[...causes].map(([what, names]) => `  - ${what} (${listOf(names)})`),
  ].join('\n')).join('\n');
}

function listOf(names: string[]): string {
  const others = names.length - 2;
  return names.slice(0, 2).map((name) => `'${name}'`).join(', ') + (others > 0 ? ` and ${others} more` : '');
}

function changesOf(name: string, before?: Frozen, after?: Frozen): Change[] {
  if (!before || !after) {
    return [{ effect: after ? NEW_CASE : NO_CASE, what: name }];
  }
  return [...resourceChanges(before.resources, after.resources), ...outputChanges(before.outputs, after.outputs)];
}

function resourceChanges(before: Frozen['resources'], after: Frozen['resources']): Change[] {
  const added = Object.keys(after).filter((logicalId) => !(logicalId in before));
  const changes = Object.entries(before).flatMap(([logicalId, { Type, Properties }]): Change[] => {
    const now = after[logicalId];
    if (!now) {
      const [successor] = added.filter((other) => after[other].Type === Type);
      added.splice(0, added.length, ...added.filter((other) => other !== successor));
      return successor && Properties?.ServiceToken
        ? [{ effect: RUNS_AGAIN, what: `the logical id ${logicalId} would become ${successor}${Properties.OnDelete ? ', and onDelete would run' : ''}` }]
        : [{ effect: successor ? REPLACED : REMOVED, what: successor ? `${Type} ${logicalId} would become ${successor}` : `${Type} ${logicalId}` }];
    }
    if (now.Type !== Type) {
      return [{ effect: REFUSED, what: `the type of a resource cannot change: ${Type} would become ${now.Type}` }];
    }
    const isCustom = Properties?.ServiceToken !== undefined;
    return propertyChanges(Properties ?? {}, now.Properties ?? {}).map((what) => {
      if (what.startsWith('ServiceToken ') || Type === 'AWS::Lambda::Function') {
        return { effect: REFUSED, what: `the function of a custom resource cannot change: ${what}` };
      }
      return isCustom ? { effect: RUNS_AGAIN, what } : { effect: REPLACED, what: `${Type}: ${what}` };
    });
  });
  return [...changes, ...added.map((logicalId) => ({ effect: ADDED, what: `${after[logicalId].Type} ${logicalId}` }))];
}

/** Each property that differs, with its path. A reference counts as one value. */
function propertyChanges(before: any, after: any, path = ''): string[] {
  if (areEqual(before, after)) {
    return [];
  }
  if (isMap(before) && isMap(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .flatMap((name) => propertyChanges(before[name], after[name], path ? `${path}.${name}` : name));
  }
  if (before === undefined) {
    return [`${path} would be added: ${JSON.stringify(after)}`];
  }
  return [after === undefined
    ? `${path} would be removed: ${JSON.stringify(before)}`
    : `${path} would change from ${JSON.stringify(before)} to ${JSON.stringify(after)}`];
}

function isMap(value: any): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Object.keys(value).some((key) => /^(Ref$|Fn::)/.test(key));
}

function outputChanges(before: Frozen['outputs'], after: Frozen['outputs']): Change[] {
  const added = Object.keys(after).filter((logicalId) => !(logicalId in before));
  const changes = Object.entries(before).flatMap(([logicalId, value]): Change[] => {
    if (logicalId in after) {
      return areEqual(value, after[logicalId]) ? []
        : [{ effect: OUTPUTS, what: `${logicalId} would show ${JSON.stringify(after[logicalId])} instead of ${JSON.stringify(value)}` }];
    }
    const successor = added.find((other) => areEqual(after[other], value));
    added.splice(0, added.length, ...added.filter((other) => other !== successor));
    return [{ effect: OUTPUTS, what: successor ? `${logicalId} would change its name to ${successor}` : `${logicalId} would be removed` }];
  });
  return [...changes, ...added.map((logicalId) => ({ effect: OUTPUTS, what: `${logicalId} would be added` }))];
}

function areEqual(one: any, other: any): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Identifies a frozen part in the list of accepted changes. */
export function digestOf(frozen: Golden<Frozen>): string {
  return createHash('sha256').update(JSON.stringify(frozen)).digest('hex').slice(0, 12);
}

/** The last accepted change in CHANGES.md. */
export function lastAccepted(page: string): Accepted | undefined {
  return accepted(page).pop();
}

/** What users see who upgrade from the last release, and whether CHANGES.md gives reasons for it. */
export function compareWithRelease(released: Format, now: Format): { readonly isAccepted: boolean; readonly report: string } {
  const changes = describeChanges(released.frozen, now.frozen);
  const known = accepted(released.page).map(({ digest }) => digest);
  const reasons = accepted(now.page).filter(({ digest }) => !known.includes(digest));
  const isHarmless = [...changes.matchAll(/^\S.*$/gm)].every(([effect]) => effect === `${NEW_CASE}:`);
  const isAccepted = isHarmless || reasons.some(({ digest }) => digest === digestOf(now.frozen));
  const verdict = isAccepted ? reasons.map(({ reason }) => `Accepted: ${reason}`) : ['CHANGES.md does not accept this: npm run accept:wire-format'];
  return { isAccepted, report: [changes || 'It is the same.', ...verdict].join('\n') };
}

interface Format {
  readonly frozen: Golden<Frozen>;
  /** The text of CHANGES.md. */
  readonly page: string;
}

interface Accepted {
  readonly digest: string;
  readonly reason: string;
}

function accepted(page: string): Accepted[] {
  return [...page.matchAll(/^- `([0-9a-f]{12})` *(.*)$/gm)].map(([, digest, reason]) => ({ digest, reason }));
}
