/** Throws all errors together, each with the path of the construct. */
export function throwErrors(path: string, errors: string[]): void {
  if (errors.length > 0) {
    throw new Error(errors.map((error) => `[${path}] ${error}`).join('\n'));
  }
}
