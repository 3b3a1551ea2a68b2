import { Token } from 'aws-cdk-lib';

/** Whether a resolved value is known before the deployment. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && !Token.isUnresolved(value);
}

/** Whether a resolved value is a function of CloudFormation. */
export function isIntrinsic(value: unknown): boolean {
  const [name, ...others] = typeof value === 'object' ? Object.keys(Object(value)) : [];
  return others.length === 0 && /^(Ref|Fn::\w+)$/.test(name);
}

/** The logical ids that a function of CloudFormation names itself. */
export function listNames({ Ref, 'Fn::GetAtt': getAtt, 'Fn::Sub': sub }: { readonly [name: string]: any }): string[] {
  const variables = [...String(sub ? [sub].flat()[0] : '').matchAll(/\$\{(\w+)/g)].map(([, name]) => name);
  return [Ref, [getAtt].flat()[0], ...variables].filter((name) => typeof name === 'string').map((name) => name.split('.')[0]);
}

/** The logical ids that a resolved value names anywhere. A text such as a command can contain `${NAME}` without naming a resource. */
export function listAllNames(value: any): string[] {
  return typeof value === 'object' && value !== null ? [...listNames(value), ...Object.values(value).flatMap(listAllNames)] : [];
}

/** Whether CloudFormation removes the property that has this resolved value. */
export function isNoValue(value: any): boolean {
  return value?.Ref === 'AWS::NoValue';
}

/** A resolved value without what CloudFormation removes from it in any case. In the branches of an Fn::If, it stays. */
export function removeNoValues(value: any): any {
  if (Array.isArray(value)) {
    return value.filter((item) => !isNoValue(item)).map(removeNoValues);
  }
  if (typeof value !== 'object' || value === null || 'Fn::If' in value) {
    return value;
  }
  const members = Object.entries(value).filter(([, member]) => !isNoValue(member));
  return Object.fromEntries(members.map(([name, member]) => [name, removeNoValues(member)]));
}

/** Changes a resolved value in each branch of its Fn::If. If nothing is left of a branch, CloudFormation removes it. */
export function mapBranches(value: any, change: (branch: any) => any): any {
  const [condition, ...branches] = value?.['Fn::If'] ?? [];
  return condition === undefined
    ? change(isNoValue(value) ? undefined : value)
    : { 'Fn::If': [condition, ...branches.map((branch: any) => mapBranches(branch, change) ?? { Ref: 'AWS::NoValue' })] };
}

/** All that a resolved value can be in the deployment, as far as conditions decide. */
export function listBranches(value: any): any[] {
  const [, ...branches] = value?.['Fn::If'] ?? [];
  return branches.length > 0 ? branches.flatMap(listBranches) : [isNoValue(value) ? undefined : value];
}

/** Whether a condition can leave out a resolved value, or nothing sets it. */
export function canBeLeftOut(value: any): boolean {
  return listBranches(value).includes(undefined);
}

/** What only the deployment knows counts as empty: it can make a text longer, not shorter. */
export function readKnownPart(value: any): any {
  const { 'Fn::Join': join, 'Fn::Sub': sub } = Object(value);
  if (Array.isArray(join?.[1])) {
    const parts = join[1].filter((part) => !isNoValue(part) && part?.['Fn::If'] === undefined); // it can be without them
    return parts.map(readKnownPart).join(join[0]);
  }
  const text = Array.isArray(sub) ? sub[0] : sub;
  return typeof text === 'string' ? text.replace(/\$\{[^}]*\}/g, '') : isIntrinsic(value) ? '' : value;
}
