import { CfnResource, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { giveReasons } from './nag';
import { LatePolicyDocument, split } from './policy-document';

/** IAM's limit for a role, unless the account has asked for more. */
const MOST_MANAGED_POLICIES = 10;

/** What one task needs, and the resource that must not be there before it. */
interface Permission {
  readonly resource: CfnResource;
  readonly statements: () => iam.PolicyStatement[];
}

/** What the function may do: in one policy as long as that has room, and in managed ones beside it. */
export class Policies {
  /** What a role that is made for the function has inline. */
  public readonly document = new LatePolicyDocument(() => statementsOf(this.permissions));

  private permissions: Permission[] = [];
  private role!: iam.IRole;
  private policy?: iam.Policy;
  private continuation!: iam.Policy;
  private managed = 0;

  public constructor(private readonly scope: Construct) {}

  /** Brings the policies that are no part of the role. */
  public attachTo(role: iam.IRole, isGiven: boolean, handler: lambda.IFunction): void {
    this.role = role;
    if (isGiven) {
      this.policy = this.addPolicy('RunTask', { document: this.document });
    } else {
      this.managed = 1; // that of AWS
    }
    // For tasks that outlast one invocation. No start waits for it: it is first needed minutes after it is there.
    this.continuation = this.addPolicy('Continue', {
      statements: [new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [handler.functionArn] })],
    });
    this.scope.node.addValidation({ validate: () => this.validate() });
  }

  /** Adds what one task needs. Asked for at synthesis. */
  public allow(resource: CfnResource, statements: () => iam.PolicyStatement[]): void {
    this.permissions.push({ resource, statements });
    if (this.policy) {
      resource.node.addDependency(this.policy);
    }
  }

  /**
   * Adds what the task of a Delete needs, in policies that are deleted after the resource.
   *
   * It is a policy of its own, which goes with the resource: where an update removes the resource, or a rollback one that
   * is new, CloudFormation updates the role before it deletes the resource. A managed policy, because a role has room for
   * a few inline ones only.
   */
  public allowOnDelete(scope: Construct, resource: CfnResource, statements: () => iam.PolicyStatement[]): void {
    if (this.areAttached()) {
      resource.node.addDependency(this.continuation, this.addManagedPolicy(scope, 'OnDelete', statements));
    } else {
      this.allow(resource, statements);
    }
  }

  /** Moves to managed policies what is too long for the first one, once all that brings roles and log groups is there. */
  public split(): void {
    if (!this.areAttached()) {
      // An immutable role ignores them; one that is made by hand shows them in the report of Role.customizeRoles.
      statementsOf(this.permissions).forEach((statement) => this.role.addToPrincipalPolicy(statement));
      return;
    }
    const [first, ...others] = split(Stack.of(this.scope), this.permissions);
    this.permissions = first;
    others.forEach((permissions, index) => {
      const policy = this.addManagedPolicy(this.scope, `RunTask${index + 2}`, () => statementsOf(permissions));
      permissions.forEach(({ resource }) => resource.node.addDependency(policy));
    });
  }

  private addPolicy(id: string, props: iam.PolicyProps): iam.Policy {
    const policy = new iam.Policy(this.scope, id, props);
    this.role.attachInlinePolicy(policy); // without the role in props, so that the role can refuse it
    giveReasons(policy, 'policy');
    return policy;
  }

  private addManagedPolicy(scope: Construct, id: string, statements: () => iam.PolicyStatement[]): iam.ManagedPolicy {
    const policy = new iam.ManagedPolicy(scope, id, { roles: [this.role], document: new LatePolicyDocument(statements) });
    giveReasons(policy, 'policy');
    this.managed += 1;
    return policy;
  }

  /** Whether the role lets this app decide about its policies. */
  private areAttached(): boolean {
    const { roles } = this.continuation.node.defaultChild as iam.CfnPolicy;
    return Stack.of(this.scope).resolve(roles) !== undefined;
  }

  private validate(): string[] {
    const errors: string[] = [];
    if (this.managed > MOST_MANAGED_POLICIES) {
      errors.push(`the role of the function must have at most ${MOST_MANAGED_POLICIES} managed policies, got: ${this.managed}, one for each onDelete, `
        + 'and one for every few task definitions after the first dozen; move some of the RunTasks to another stack');
    }
    return errors;
  }
}

function statementsOf(permissions: Permission[]): iam.PolicyStatement[] {
  return permissions.flatMap(({ statements }) => statements());
}
