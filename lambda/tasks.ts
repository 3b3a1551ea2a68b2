import { DescribeTasksCommand, ListTasksCommand, StopTaskCommand, Task } from '@aws-sdk/client-ecs';
import { hasEnded, STOPPED_BY } from './outcome';
import type { Surroundings } from './surroundings';

/** Marks the tasks of a resource whose `startedBy` the user has chosen. */
export const TAG = 'cdk-ecs-run-task';

/** By what the tasks of one resource are found again. */
export interface Marks {
  readonly cluster?: string;
  readonly startedBy: string;
  /** The value of the tag, where `startedBy` alone does not tell the resource. */
  readonly tag?: string;
}

/** The tasks that ECS knows of; one that it does not (yet, or any more) is missing from the list. */
export async function describeTasks(world: Surroundings, cluster: string | undefined, taskArns: readonly string[]): Promise<Task[]> {
  if (taskArns.length === 0) {
    return [];
  }
  const { tasks = [] } = await world.ecs.send(new DescribeTasksCommand({ cluster, tasks: [...taskArns] }));
  return tasks;
}

/** The tasks of a resource that have not ended: those that run, or with STOPPED also those on their way down. */
export async function findTasks(world: Surroundings, marks: Marks, desiredStatus: 'RUNNING' | 'STOPPED'): Promise<Task[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await world.ecs.send(new ListTasksCommand({ cluster: marks.cluster, startedBy: marks.startedBy, desiredStatus, nextToken }));
    arns.push(...page.taskArns ?? []);
    nextToken = page.nextToken;
  } while (nextToken);

  const found: Task[] = [];
  for (let from = 0; from < arns.length; from += 100) { // DescribeTasks takes no more
    const { tasks = [] } = await world.ecs.send(new DescribeTasksCommand({
      cluster: marks.cluster,
      tasks: arns.slice(from, from + 100),
      include: ['TAGS'],
    }));
    found.push(...tasks
      .filter((task) => !hasEnded(task))
      .filter((task) => marks.tag === undefined || task.tags?.some(({ key, value }) => key === TAG && value === marks.tag)));
  }
  return found;
}

/** Stops the tasks and waits until they have ended. Gives those that had not by then. */
export async function stopTasks(
  world: Surroundings, cluster: string | undefined, taskArns: readonly string[], reason: string, until: number,
): Promise<string[]> {
  const left = new Set(taskArns);
  const told = new Set<string>();
  const said = (STOPPED_BY + reason).slice(0, 255); // a task must not go on because its reason is too long for ECS
  while (left.size > 0) {
    for (const taskArn of [...left].filter((arn) => !told.has(arn))) {
      try {
        await world.ecs.send(new StopTaskCommand({ cluster, task: taskArn, reason: said }));
        told.add(taskArn);
        world.log(`told ${taskArn} to stop: ${reason}`);
      } catch (error) {
        world.log(`StopTask of ${taskArn}: ${error}`);
        if (/not found|already stopped/i.test(String(error))) {
          left.delete(taskArn);
        }
      }
    }
    try {
      const tasks = await describeTasks(world, cluster, [...left]);
      tasks.filter(hasEnded).forEach((task) => left.delete(task.taskArn!));
    } catch (error) {
      world.log(`DescribeTasks: ${error}`);
    }
    if (left.size === 0 || world.now() >= until) {
      break;
    }
    await world.sleep(1_000);
  }
  return [...left];
}
