import { CfnResource, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { suppressNagRules } from './nag';
import { distributeOverPolicies, INLINE_LENGTH, LatePolicyDocument, MANAGED_LENGTH } from './policy-document';
import { isInTree } from '../request/stacks';

/** IAM's limit for a role, unless the account has asked for more. */
const MOST_MANAGED_POLICIES = 10;

/** The permissions for one task, and the resource that must wait for them. */
interface Permission {
  readonly resource: CfnResource;
  readonly statements: () => iam.PolicyStatement[];
}

/** The permissions of the function: in one policy while they fit, and in managed policies after that. */
export class Policies {
  /** The inline policy of a role that is created for the function. */
  public readonly document = new LatePolicyDocument(() => [...this.listStatements(this.groups[0]), ...this.listTraceStatements()]);

  /** Whether the function sends traces. */
  public tracesRequests = false;

  /** The first group is in the inline policy, each other one in a managed policy. */
  private readonly groups: Permission[][] = [[]];
  /** The statements of each task, while they cannot change. */
  private readonly settled = new Map<Permission, iam.PolicyStatement[]>();
  private role!: iam.IRole;
  private policy?: iam.Policy;
  private invokeSelf!: iam.Policy;
  /** The managed policies of AWS that the role of the function has. */
  private policiesOfAws = 0;
  private readonly managed: iam.ManagedPolicy[] = [];

  public constructor(private readonly scope: Construct) {}

  /** Creates the policies that are not part of the role. */
  public attachTo(role: iam.IRole, isGiven: boolean, handler: lambda.IFunction): void {
    this.role = role;
    if (isGiven) {
      this.policy = this.addPolicy('RunTask', { document: this.document });
    } else {
      this.policiesOfAws = 1; // AWSLambdaBasicExecutionRole or AWSLambdaVPCAccessExecutionRole
    }
    // For tasks that outlast one invocation. No task waits for this policy: it exists minutes before it is first needed.
    this.invokeSelf = this.addPolicy('InvokeSelf', {
      statements: [new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [handler.functionArn] })],
    });
    this.scope.node.addValidation({ validate: () => this.validate() });
  }

  /** Adds the permissions for one task. The statements are rendered at synthesis. */
  public allow(resource: CfnResource, statements: () => iam.PolicyStatement[]): void {
    this.groups[0].push({ resource, statements });
    if (this.policy) {
      resource.node.addDependency(this.policy);
    }
  }

  /**
   * Adds the permissions for the task of a Delete, in a policy that is deleted after the resource.
   *
   * The resource has its own policy: when an update removes the resource, or a rollback removes a new one, CloudFormation
   * updates the role before it deletes the resource. It is a managed policy, because a role has room for only a few
   * inline policies.
   */
  public allowOnDelete(scope: Construct, resource: CfnResource, statements: () => iam.PolicyStatement[]): void {
    if (this.areAttached()) {
      resource.node.addDependency(this.invokeSelf, this.addManagedPolicy(scope, 'OnDelete', statements));
    } else {
      this.allow(resource, statements);
    }
  }

  /** Moves what is too long for a policy to further managed policies. What follows can still add permissions. */
  public split(): void {
    this.settle();
    this.distribute();
    this.settled.clear();
  }

  /** Call it after everything that can add roles and log groups. */
  public finish(): void {
    this.settle();
    this.distribute();
    if (!this.areAttached()) {
      // An immutable role ignores them; the report of Role.customizeRoles shows them for a role that the user creates manually.
      [...this.listStatements(this.groups[0]), ...this.listTraceStatements()].forEach((statement) => this.role.addToPrincipalPolicy(statement));
    }
  }

  /** Renders the statements of the tasks that are still in the app, once for all their readers. Most tasks have the same: these become one object. */
  private settle(): void {
    this.groups.forEach((group, index) => (this.groups[index] = group.filter(({ resource }) => isInTree(resource))));
    const distinct = new Map<string, iam.PolicyStatement>();
    for (const permission of this.groups.flat()) {
      this.settled.set(permission, permission.statements().map((statement) => {
        const key = JSON.stringify(statement.toStatementJson());
        distinct.set(key, distinct.get(key) ?? statement);
        return distinct.get(key)!;
      }));
    }
  }

  private distribute(): void {
    const statementsOf = (permission: Permission) => this.settled.get(permission)!;
    for (let index = 0; this.areAttached() && index < this.groups.length; index++) {
      const limit = index === 0 ? INLINE_LENGTH : MANAGED_LENGTH;
      const [first, ...others] = distributeOverPolicies(Stack.of(this.scope), this.groups[index], statementsOf, limit);
      this.groups[index] = first;
      others.forEach((group) => this.addGroup(group));
    }
  }

  private listStatements(permissions: Permission[]): iam.PolicyStatement[] {
    return [...new Set(permissions.flatMap((permission) => this.settled.get(permission) ?? permission.statements()))];
  }

  private addGroup(group: Permission[]): void {
    const index = this.groups.push(group) - 1;
    const policy = this.addManagedPolicy(this.scope, `RunTask${index + 1}`, () => this.listStatements(this.groups[index]));
    group.forEach(({ resource }) => resource.node.addDependency(policy));
  }

  /** As aws-cdk-lib grants it to a function that is created with tracing. X-Ray has no resources to limit it to. */
  private listTraceStatements(): iam.PolicyStatement[] {
    const actions = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'];
    return this.tracesRequests ? [new iam.PolicyStatement({ actions, resources: ['*'] })] : [];
  }

  private addPolicy(id: string, props: iam.PolicyProps): iam.Policy {
    const policy = new iam.Policy(this.scope, id, props);
    this.role.attachInlinePolicy(policy); // without the role in props, so that the role can reject it
    suppressNagRules(policy, 'policy');
    return policy;
  }

  private addManagedPolicy(scope: Construct, id: string, statements: () => iam.PolicyStatement[]): iam.ManagedPolicy {
    const policy = new iam.ManagedPolicy(scope, id, { roles: [this.role], document: new LatePolicyDocument(statements) });
    suppressNagRules(policy, 'policy');
    this.managed.push(policy);
    return policy;
  }

  /** Whether the role accepts policies from this app. */
  private areAttached(): boolean {
    const { roles } = this.invokeSelf.node.defaultChild as iam.CfnPolicy;
    return Stack.of(this.scope).resolve(roles) !== undefined;
  }

  private validate(): string[] {
    const errors: string[] = [];
    const count = this.policiesOfAws + this.managed.filter(isInTree).length;
    if (count > MOST_MANAGED_POLICIES) {
      errors.push(`the role of the function must have at most ${MOST_MANAGED_POLICIES} managed policies, got: ${count}; move some of the RunTasks to another stack, `
        + 'because the library adds one policy for each onDelete, and one for every few task definitions after the first dozen');
    }
    return errors;
  }
}
