/** The scenarios that the handler does not survive yet. Remove the name of one when you fix it. */
export const expectedToFail: readonly string[] = [
  'a nested stack that its parent rolls back gets the attributes of the last good deployment',
  // AWS has those values nowhere, and a rollback must not fail for lack of them: docs/outputs.md.
  'a nested stack that its parent rolls back gets the attributes of the last good deployment although the task of the rollback fails',
];
