import { DescribeTasksCommand, ListTasksCommand, StopTaskCommand, Task } from '@aws-sdk/client-ecs';
import { markedAs, Place } from './marks';
import { hasEnded, STOPPED_BY } from '../verdict/outcome';
import type { World } from '../world';

/** How long ECS may take to tell of a task that it has started. */
export const LISTED_WITHIN_MS = 10_000;

/** The tasks that ECS knows of; one that it does not (yet, or any more) is missing from the list. */
export async function describeTasks(world: World, cluster: string | undefined, taskArns: readonly string[]): Promise<Task[]> {
  if (taskArns.length === 0) {
    return [];
  }
  const { tasks = [] } = await world.ecs.send(new DescribeTasksCommand({ cluster, tasks: [...taskArns] }));
  return tasks;
}

/** The tasks whose mark begins like this, also those that have been told to stop, or have ended within the last hour. */
export async function findTasks(world: World, place: Place, mark: string): Promise<Task[]> {
  const listed = await Promise.all([listTasks(world, place, 'RUNNING'), listTasks(world, place, 'STOPPED')]);
  const arns = [...new Set(listed.flat())];
  const found: Task[] = [];
  for (let from = 0; from < arns.length; from += 100) { // DescribeTasks takes no more
    found.push(...await describeListed(world, place.cluster, arns.slice(from, from + 100)));
  }
  return found.filter((task) => markedAs(task).startsWith(mark));
}

/** By the family, because startedBy has to be the only filter where it is one, and can't be a part of a mark. */
async function listTasks(world: World, { cluster, family }: Place, desiredStatus: 'RUNNING' | 'STOPPED'): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await world.ecs.send(new ListTasksCommand({ cluster, family, desiredStatus, nextToken }));
    arns.push(...page.taskArns ?? []);
    nextToken = page.nextToken;
  } while (nextToken);
  return arns;
}

/** A new task can be listed before all of ECS knows it. */
async function describeListed(world: World, cluster: string | undefined, taskArns: string[]): Promise<Task[]> {
  const until = world.now() + LISTED_WITHIN_MS;
  for (;;) {
    const { tasks = [] } = await world.ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns, include: ['TAGS'] }));
    if (tasks.length >= taskArns.length || world.now() >= until) {
      return tasks;
    }
    await world.sleep(1_000);
  }
}

/** Stops the tasks and waits until they have ended. Gives those that had not by then. */
export async function stopTasks(
  world: World, cluster: string | undefined, taskArns: readonly string[], reason: string, until: number,
): Promise<string[]> {
  const left = new Set(taskArns);
  const told = new Set<string>();
  const said = (STOPPED_BY + reason).slice(0, 255); // a task must not go on because its reason is too long for ECS
  const isKnownFrom = world.now() + LISTED_WITHIN_MS;
  while (left.size > 0) {
    for (const taskArn of [...left].filter((arn) => !told.has(arn))) {
      try {
        await world.ecs.send(new StopTaskCommand({ cluster, task: taskArn, reason: said }));
        told.add(taskArn);
        world.log(`told ${taskArn} to stop: ${reason}`);
      } catch (error) {
        world.log(`StopTask of ${taskArn}: ${error}`);
        const isGone = /already stopped/i.test(String(error)) || (/not found/i.test(String(error)) && world.now() >= isKnownFrom);
        if (isGone) {
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
