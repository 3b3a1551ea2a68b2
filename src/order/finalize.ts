import { AspectPriority, Aspects, IAspect, Stage } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import { Construct, IConstruct } from 'constructs';
import type { OrderedTask } from './ordered-task';
import { putInOrder } from './ordering';
import { Handler } from '../function/handler-function';
import { forgetDefinitions, settleDefinitions } from '../request/deployed-definition';
import { ResourceReader } from '../request/resource-reader';
import { findOutermostStack, isInTree } from '../request/stacks';

/** A construct that is added when the aspects begin: when they reach it, they have visited everything else. */
const SENTINEL_ID = 'EcsRunTaskFinalizer';

/**
 * Finishes the tasks of an app, or of one of its stages, after all other aspects.
 *
 * Until then the app can add things that warnings, permissions and order depend on: capacity providers, containers, the
 * rules of a database's security group, resources in a waiting scope.
 */
export class Finalizer implements IAspect {
  public static of(scope: Construct): Finalizer {
    const stage = Stage.of(scope)!;
    const existing = Aspects.of(stage).all.find((aspect) => aspect instanceof Finalizer);
    return existing ?? new Finalizer(stage);
  }

  private tasks: Array<{ readonly task: OrderedTask; readonly finish: (reader: ResourceReader) => void }> = [];

  private constructor(private readonly stage: Stage) {
    Aspects.of(stage).add(this, { priority: AspectPriority.READONLY }); // after the aspects that change something
  }

  /** @param finish Completes the task itself, throws what is wrong with its rendered properties, and adds the warnings about it. */
  public add(task: OrderedTask, finish: (reader: ResourceReader) => void): void {
    this.tasks.push({ task, finish });
  }

  public visit(node: IConstruct): void {
    const sentinel = this.stage.node.tryFindChild(SENTINEL_ID);
    if (node === this.stage) {
      sentinel ?? new Construct(this.stage, SENTINEL_ID);
      this.addPolicies();
    } else if (node === sentinel) {
      this.finalize();
    }
  }

  /** Creates the policies when the aspects begin, so that all aspects see them. Resources that aspects add can need more policies later. */
  private addPolicies(): void {
    this.leaveOutRemoved();
    const definitions = this.listDefinitions();
    settleDefinitions(definitions, new ResourceReader());
    this.findHandlers().forEach(({ policies }) => policies.split());
    forgetDefinitions(definitions);
  }

  /** The order comes last: it needs all policies. */
  private finalize(): void {
    this.leaveOutRemoved();
    const reader = new ResourceReader({ isFinal: true });
    settleDefinitions(this.listDefinitions(), reader);
    this.tasks.forEach(({ finish }) => finish(reader));
    this.findHandlers().forEach(({ policies }) => policies.finish());
    const tasks = this.tasks.map(({ task }) => ({ ...task, after: task.after.filter(isInTree), before: task.before.filter(isInTree) }));
    new Set(tasks.map(({ resource }) => findOutermostStack(resource))).forEach((stack) =>
      putInOrder(stack, tasks.filter(({ resource }) => findOutermostStack(resource) === stack), reader));
  }

  /** Forgets the tasks that the app has removed, and removes the functions that no other task needs. */
  private leaveOutRemoved(): void {
    const before = this.findHandlers();
    this.tasks = this.tasks.filter(({ task }) => isInTree(task.resource));
    const needed = this.findHandlers();
    before.forEach((handler) => needed.has(handler) || handler.remove());
  }

  private findHandlers(): Set<Handler> {
    return new Set(this.tasks.map(({ task }) => Handler.find(task.resource)!));
  }

  private listDefinitions(): ecs.ITaskDefinition[] {
    return this.tasks.flatMap(({ task: { runs } }) => runs.map(({ taskDefinition }) => taskDefinition));
  }
}
