import { IResolveContext, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { renderDocument } from './conditional-statements';

/**
 * IAM allows a role 10,240 characters for all inline policies and 6,144 for each managed policy, without white space. The
 * difference is for names that are longer than expected, and for the policies to invoke itself and to send traces.
 */
export const INLINE_LENGTH = 9_800;
export const MANAGED_LENGTH = 6_000;

/** Only the deployment knows the value of a token. Most are names and ARNs made from ids of this app. */
const TOKEN_LENGTH = 128;

/** The longest is `us-isob-east-1`. */
const PSEUDO_PARAMETER_LENGTH = 14;

/** Collects its statements when it is rendered: containers that are added after the RunTask can bring roles and log groups. */
export class LatePolicyDocument extends iam.PolicyDocument {
  constructor(private readonly produce: () => iam.PolicyStatement[]) {
    super();
  }

  /** A task always needs some permission. Without this, the template would leave out the policy. */
  public get isEmpty(): boolean {
    return false;
  }

  public resolve(context: IResolveContext): any {
    return renderDocument(this.produce(), context);
  }
}

/** Distributes the tasks, in their order, over as few policies as possible: the first has its own limit, the others are managed ones. */
export function distributeOverPolicies<T>(stack: Stack, tasks: T[], statementsOf: (task: T) => iam.PolicyStatement[], lengthOfFirst: number): T[][] {
  const measured = new Map<iam.PolicyStatement, [string, number][]>();
  const measure = (statement: iam.PolicyStatement) => {
    measured.set(statement, measured.get(statement) ?? measureParts(stack, statement.toStatementJson()));
    return measured.get(statement)!;
  };
  const policies: T[][] = [[]];
  let parts = new Map<string, number>();
  for (const task of tasks) {
    const partsOfTask = new Map(statementsOf(task).flatMap(measure));
    const together = new Map([...parts, ...partsOfTask]);
    const isFull = parts.size > 0 && sumLengths(together) > (policies.length === 1 ? lengthOfFirst : MANAGED_LENGTH);
    if (isFull) {
      policies.push([]);
    }
    parts = isFull ? partsOfTask : together;
    policies[policies.length - 1].push(task);
  }
  return policies;
}

/** The lengths of a statement and of its resources: statements that differ in these only are merged. */
function measureParts(stack: Stack, statement: object): [string, number][] {
  const { Resource, ...others } = stack.resolve(statement);
  const shell = JSON.stringify(others);
  return [
    [shell, JSON.stringify({ ...replaceTokens(others), Resource: [] }).length + 1],
    ...[Resource].flat().map((resource): [string, number] => [
      shell + JSON.stringify(resource), JSON.stringify(replaceTokens(resource)).length + 1,
    ]),
  ];
}

function replaceTokens(value: any): any {
  if (Array.isArray(value)) {
    return value.map(replaceTokens);
  }
  if (typeof value !== 'object') {
    return value;
  }
  const [[name, argument]] = Object.entries<any>(value);
  if (name === 'Fn::Join') {
    return argument[1].map(replaceTokens).join(argument[0]);
  }
  if (name === 'Ref' || name.startsWith('Fn::')) {
    const isShort = ['AWS::Partition', 'AWS::Region', 'AWS::AccountId'].includes(argument);
    return '?'.repeat(isShort ? PSEUDO_PARAMETER_LENGTH : TOKEN_LENGTH);
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, replaceTokens(member)]));
}

function sumLengths(lengths: Map<string, number>): number {
  return [...lengths.values()].reduce((total, length) => total + length, '{"Version":"2012-10-17","Statement":[]}'.length);
}
