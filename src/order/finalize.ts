import { AspectPriority, Aspects, IAspect, Stage } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import { Construct, IConstruct } from 'constructs';
import { OrderedTask, putInOrder } from './ordering';
import { Handler } from '../function/handler-function';
import { forgetDefinitions, settleDefinitions } from '../request/deployed-definition';
import { ResourceReader } from '../request/resource-reader';
import { findOutermostStack } from '../request/stacks';

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

  private readonly tasks: OrderedTask[] = [];
  private readonly warnings: Array<(reader: ResourceReader) => void> = [];

  private constructor(private readonly stage: Stage) {
    Aspects.of(stage).add(this, { priority: AspectPriority.READONLY }); // after the aspects that change something
  }

  /** @param warn Adds the warnings about the task, and throws what is wrong with its rendered properties. */
  public add(task: OrderedTask, warn: (reader: ResourceReader) => void): void {
    this.tasks.push(task);
    this.warnings.push(warn);
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
    const definitions = this.listDefinitions();
    settleDefinitions(definitions, new ResourceReader());
    this.findHandlers().forEach(({ policies }) => policies.split());
    forgetDefinitions(definitions);
  }

  /** The order comes last: it needs all policies. */
  private finalize(): void {
    const reader = new ResourceReader();
    settleDefinitions(this.listDefinitions(), reader);
    this.warnings.forEach((warn) => warn(reader));
    this.findHandlers().forEach(({ policies }) => policies.finish());
    new Set(this.tasks.map(({ resource }) => findOutermostStack(resource))).forEach((stack) =>
      putInOrder(stack, this.tasks.filter(({ resource }) => findOutermostStack(resource) === stack), reader));
  }

  private findHandlers(): Set<Handler> {
    return new Set(this.tasks.map(({ resource }) => Handler.find(resource)!));
  }

  private listDefinitions(): ecs.ITaskDefinition[] {
    return this.tasks.flatMap(({ props, deletion }) => [props, deletion].flatMap((run) => run?.taskDefinition ?? []));
  }
}
