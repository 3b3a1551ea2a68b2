import { IResolveContext, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';

/**
 * How long the policies of a role may be: 10,240 characters for all that are inline, 6,144 for a managed one, white
 * space not counted. What is missing here is for names that are longer than expected, as in aws-cdk-lib.
 */
const INLINE_LENGTH = 10_000;
const MANAGED_LENGTH = 6_000;

/** What a token stands for is known in the deployment only. Most are names and ARNs made from ids of this app. */
const TOKEN_LENGTH = 128;

/** The longest is `us-isob-east-1`. */
const PSEUDO_PARAMETER_LENGTH = 14;

/** Asks for its statements when it is rendered: containers that come after the RunTask can bring roles and log groups. */
export class LatePolicyDocument extends iam.PolicyDocument {
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

/** Puts the tasks, in their order, into as few policies as can hold their statements: an inline one, and managed ones. */
export function split<T extends { statements(): iam.PolicyStatement[] }>(stack: Stack, tasks: T[]): T[][] {
  const policies: T[][] = [[]];
  let parts = new Map<string, number>();
  for (const task of tasks) {
    const own = partsOf(stack, task.statements());
    const together = new Map([...parts, ...own]);
    const isFull = parts.size > 0 && sum(together) > (policies.length === 1 ? INLINE_LENGTH : MANAGED_LENGTH);
    if (isFull) {
      policies.push([]);
    }
    parts = isFull ? own : together;
    policies[policies.length - 1].push(task);
  }
  return policies;
}

/** The lengths of statements and of their resources: statements that differ in these only are merged. */
function partsOf(stack: Stack, statements: iam.PolicyStatement[]): Map<string, number> {
  return new Map(statements.flatMap((statement) => {
    const { Resource, ...others } = stack.resolve(statement.toStatementJson());
    const shell = JSON.stringify(others);
    return [
      [shell, JSON.stringify({ ...withLongTokens(others), Resource: [] }).length + 1],
      ...[Resource].flat().map((resource): [string, number] => [
        shell + JSON.stringify(resource), JSON.stringify(withLongTokens(resource)).length + 1,
      ]),
    ] as [string, number][];
  }));
}

function withLongTokens(value: any): any {
  if (Array.isArray(value)) {
    return value.map(withLongTokens);
  }
  if (typeof value !== 'object') {
    return value;
  }
  const [[name, argument]] = Object.entries<any>(value);
  if (name === 'Fn::Join') {
    return argument[1].map(withLongTokens).join(argument[0]);
  }
  if (name === 'Ref' || name.startsWith('Fn::')) {
    const isShort = ['AWS::Partition', 'AWS::Region', 'AWS::AccountId'].includes(argument);
    return '?'.repeat(isShort ? PSEUDO_PARAMETER_LENGTH : TOKEN_LENGTH);
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withLongTokens(member)]));
}

function sum(lengths: Map<string, number>): number {
  return [...lengths.values()].reduce((total, length) => total + length, '{"Version":"2012-10-17","Statement":[]}'.length);
}
