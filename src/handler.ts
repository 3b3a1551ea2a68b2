import * as path from 'path';
import { Duration, IResolveContext, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/** For ever, as are the ids below it: CloudFormation refuses to update a custom resource whose function is another. */
const ID = 'EcsRunTaskHandler';

/** The function that runs the tasks of a stack: one function, one role, one policy, however many tasks. */
export class Handler extends Construct {
  /** The handler of the stack, made for the first task in it. */
  public static of(scope: Construct): Handler {
    const stack = Stack.of(scope);
    return stack.node.tryFindChild(ID) as Handler | undefined ?? new Handler(stack);
  }

  public readonly function: lambda.IFunction;

  private readonly role: iam.Role;
  private readonly continuation: iam.Policy;
  private readonly statements: (() => iam.PolicyStatement[])[] = [];

  private constructor(stack: Stack) {
    super(stack, ID);

    this.role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSLambdaBasicExecutionRole')],
      // Part of the role, so that the function is never there before its permissions.
      inlinePolicies: { RunTask: new LatePolicyDocument(() => this.statements.flatMap((produce) => produce())) },
    });
    this.function = new lambda.Function(this, 'Function', {
      description: 'Runs ECS tasks for CloudFormation and waits for them (cdk-ecs-run-task)',
      code: lambda.Code.fromAsset(path.join(__dirname, '..', 'assets', 'lambda', 'handler')),
      handler: 'index.handler',
      runtime: new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS), // the constant would need aws-cdk-lib 2.225
      timeout: Duration.minutes(15),
      memorySize: 256,
      role: this.role,
    });

    // For tasks that outlast one invocation. No start waits for it: it is first needed minutes after it is there.
    this.continuation = new iam.Policy(this, 'Continue', {
      roles: [this.role],
      statements: [new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [this.function.functionArn] })],
    });
  }

  /** Adds what one task needs. Asked for at synthesis. */
  public allow(statements: () => iam.PolicyStatement[]): void {
    this.statements.push(statements);
  }

  /**
   * Adds what the task of a Delete needs, and gives the policies on which its resource has to depend, to be deleted first.
   *
   * It is a policy of its own, which goes with the resource: where an update removes the resource, or a rollback one that
   * is new, CloudFormation updates the role before it deletes the resource. A managed policy, because a role has room for
   * a few inline ones only.
   */
  public allowOnDelete(scope: Construct, statements: () => iam.PolicyStatement[]): Construct[] {
    return [this.continuation, new iam.ManagedPolicy(scope, 'OnDelete', { roles: [this.role], document: new LatePolicyDocument(statements) })];
  }
}

/** Asks for its statements when it is rendered: containers that come after the RunTask can bring roles and log groups. */
class LatePolicyDocument extends iam.PolicyDocument {
  constructor(private readonly produce: () => iam.PolicyStatement[]) {
    super();
  }

  /** There is always something that a task needs. Without this, a policy of it would be left out of the template. */
  public get isEmpty(): boolean {
    return false;
  }

  public resolve(context: IResolveContext): any {
    return new iam.PolicyDocument({ minimize: true, statements: this.produce() }).resolve(context);
  }
}
