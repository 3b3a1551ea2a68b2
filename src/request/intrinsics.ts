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
