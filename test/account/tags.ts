/** Every stack of a run carries this tag with the id of the run, and so does what is in them. Nothing else is ever changed or deleted. */
export const TAG = 'cdk-ecs-run-task:verify';

/** Names begin with this and the id of the run. */
export const PREFIX = 'run-task-verify';

export const stackName = (runId: string, check: string): string => `${PREFIX}-${runId}-${check}`;

/** The family of the task definitions that a check registers without CloudFormation. */
export const registeredFamily = (runId: string): string => stackName(runId, 'registered');

/** CloudFormation, ECS and the tagging API each spell the members of a tag in their own way. */
export function runIdOf(tags: ReadonlyArray<{ Key?: string; Value?: string; key?: string; value?: string }> = []): string | undefined {
  const tag = tags.find(({ Key, key }) => (Key ?? key) === TAG);
  return tag?.Value ?? tag?.value;
}
