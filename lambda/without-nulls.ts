/**
 * The same client without null in the lists of its responses. The SDK leaves out a member that is null, but not a null in a list, which
 * would look like an error of the function and end a healthy task.
 */
export function withoutNulls<T extends { send: any }>(client: T): Pick<T, 'send'> {
  return { send: async (command: unknown) => dropNulls(await client.send(command)) };
}

function dropNulls(value: unknown): any {
  if (Array.isArray(value)) {
    return value.filter((item) => item !== null).map(dropNulls);
  }
  return value instanceof Object && Object.getPrototypeOf(value) === Object.prototype
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, dropNulls(member)]))
    : value;
}
