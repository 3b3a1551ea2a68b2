import { DescribeTasksCommand, ListTasksCommand, ListTasksCommandOutput, Task, TaskField } from '@aws-sdk/client-ecs';
import { Place, readMark } from './marks';
import { LISTED_WITHIN_MS } from '../../src/timing';
import type { Request } from '../cloudformation/request';
import { patienceWithError } from '../verdict/errors';
import { hasEnded } from '../verdict/outcome';
import type { World } from '../world';

/** The most tasks that one DescribeTasks accepts. */
const MOST_DESCRIBED = 100;

/** The tasks that ECS knows. A task that ECS does not know yet, or has forgotten, is missing from the list. */
export async function describeTasks(
  request: Request, cluster: string | undefined, taskArns: readonly string[], include?: TaskField[],
): Promise<Task[]> {
  return (await lookAtTasks(request, cluster, taskArns, include)).tasks;
}

/** The same, and those of the tasks about which the response says nothing: not even that ECS does not know them. */
export async function lookAtTasks(
  request: Request, cluster: string | undefined, taskArns: readonly string[], include?: TaskField[],
): Promise<{ readonly tasks: Task[]; readonly unmentioned: string[] }> {
  if (taskArns.length === 0) {
    return { tasks: [], unmentioned: [] };
  }
  const { tasks = [], failures = [] } = await request.world.ecs.send(new DescribeTasksCommand({ cluster, tasks: [...taskArns], include }));
  noteSeen(request, tasks);
  const known = [...tasks.map(({ taskArn }) => taskArn), ...failures.flatMap(({ arn, reason }) => reason === 'MISSING' ? arn : [])];
  return { tasks, unmentioned: taskArns.filter((arn) => !known.includes(arn)) };
}

/** Updates the tasks that a look has found. The tags, which can hold a mark, are requested only by a look. An end is final. */
function noteSeen({ found }: Request, seen: readonly Task[]): void {
  found.forEach((tasks, place) => found.set(place, tasks.map((task) => hasEnded(task) ? task :
    ({ ...task, ...seen.find(({ taskArn }) => taskArn === task.taskArn), tags: task.tags }))));
}

/** All tasks of the family in the cluster, including those that are stopping or have ended within the last hour. */
export async function findTasks(request: Request, place: Place): Promise<Task[]> {
  const { world, listed } = request;
  const [running, stopped] = await Promise.all([listTasks(world, place, 'RUNNING'), listTasks(world, place, 'STOPPED')]);
  const key = JSON.stringify(place);
  const known = listed.get(key) ?? new Set();
  const before = [...known].filter((arn) => !running.includes(arn) && !stopped.includes(arn)).slice(-MOST_DESCRIBED);
  listed.set(key, new Set([...stopped, ...known, ...running])); // the next list can lack a task that this look fails to describe
  const until = listedBy(request); // for all pages together
  const arns = [...new Set([...running, ...stopped])];
  const pages = arns.flatMap((_, index) => index % MOST_DESCRIBED === 0 ? [arns.slice(index, index + MOST_DESCRIBED)] : []);
  const described = await Promise.all([
    describeTasks(request, place.cluster, before, includeOf(place)),
    ...pages.map((page) => describeListed(request, place, page, until)),
  ].map(async (tasks) => withTagsOfOthers(request, place, await tasks)));
  listed.set(key, new Set([...before, ...running]));
  // A description can be older than the list, in which the task is stopping or has ended, and than an earlier look.
  const ended = lastFound(request, place).filter(hasEnded);
  const found = described.flat().map((task) => ended.find(({ taskArn }) => taskArn === task.taskArn)
    ?? (stopped.includes(task.taskArn!) ? { ...task, desiredStatus: 'STOPPED' } : task));
  request.found.set(key, found);
  return found;
}

/** What the last of these looks has found that did not fail. */
export function lastFound({ found }: Request, place: Place): readonly Task[] {
  return found.get(JSON.stringify(place)) ?? [];
}

/** The answer does not wait for ECS. An invocation that is about to end does: Lambda repeats it, and the next one can continue. */
function listedBy({ world, answerBy }: Request): number {
  return Math.min(world.now() + LISTED_WITHIN_MS, answerBy);
}

/** Looks for tasks when ECS has had time to list those that were started just now. */
export async function lookOnceListed<T>(request: Request, look: () => Promise<T>): Promise<T> {
  const { world } = request;
  await world.sleep(Math.max(0, listedBy(request) - world.now()));
  return look();
}

/** Filters by family. `startedBy` excludes other filters, and does not accept a prefix of a mark. */
async function listTasks(world: World, { cluster, family }: Place, desiredStatus: 'RUNNING' | 'STOPPED'): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const page: ListTasksCommandOutput = await world.ecs.send(new ListTasksCommand({ cluster, family, desiredStatus, nextToken }));
    arns.push(...page.taskArns ?? []);
    nextToken = page.nextToken === nextToken ? undefined : page.nextToken;
  } while (nextToken);
  return arns;
}

/** A new task can be listed before DescribeTasks returns it. */
async function describeListed(request: Request, place: Place, taskArns: string[], until: number): Promise<Task[]> {
  const { world } = request;
  for (;;) {
    const tasks = await describeTasks(request, place.cluster, taskArns, includeOf(place));
    if (tasks.length >= taskArns.length || world.now() >= until) {
      return tasks;
    }
    await world.sleep(1_000);
  }
}

/** Tags are requested only if a mark is in them: not every partition supports that. */
function includeOf({ startedBy }: Place): TaskField[] | undefined {
  return startedBy ? ['TAGS'] : undefined;
}

/** The mark of an earlier request is in a tag if the user had set `startedBy` at that time, and no longer does. */
async function withTagsOfOthers(request: Request, { cluster, startedBy }: Place, tasks: Task[]): Promise<Task[]> {
  const unmarked = startedBy ? [] : tasks.filter((task) => task.startedBy && !/^ecs-svc\//.test(task.startedBy) && !readMark(task));
  try {
    const tagged = await describeTasks(request, cluster, unmarked.map(({ taskArn }) => taskArn!), ['TAGS']);
    return tasks.map((task) => tagged.find(({ taskArn }) => taskArn === task.taskArn) ?? task);
  } catch (error) {
    if (patienceWithError(error)) {
      throw error;
    }
    return tasks; // a partition without tags
  }
}
