/** The tag of each stack of a run and of its resources. The value is the id of the run. The program changes and deletes nothing else. */
export const TAG = 'cdk-ecs-run-task:verify';

/** Names begin with this prefix and the id of the run. */
export const PREFIX = 'run-task-verify';

export const stackName = (runId: string, check: string): string => `${PREFIX}-${runId}-${check}`;

/** The family of the task definitions that a check registers without CloudFormation. */
export const registeredFamily = (runId: string): string => stackName(runId, 'registered');

/** CloudFormation, ECS and the tagging API spell the members of a tag differently. */
export function runIdOf(tags: ReadonlyArray<{ Key?: string; Value?: string; key?: string; value?: string }> = []): string | undefined {
  const tag = tags.find(({ Key, key }) => (Key ?? key) === TAG);
  return tag?.Value ?? tag?.value;
}
