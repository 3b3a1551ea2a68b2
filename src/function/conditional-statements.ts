import { Aws, CfnResource, Fn, IResolveContext, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { canBeLeftOut, listNames, mapBranches } from '../request/intrinsics';
import { readCondition } from '../request/resource-reader';

/**
 * Renders a policy document, with each statement under `Fn::If` that names a resource with a condition: CloudFormation
 * rejects a reference to what its condition leaves out.
 *
 * @param statements At least one of them names no resource of the stack.
 */
export function renderDocument(statements: iam.PolicyStatement[], context: IResolveContext): any {
  const conditions = findConditions(Stack.of(context.scope));
  const groups = new Map<string, { readonly needed: string[]; readonly statements: iam.PolicyStatement[] }>();
  for (const statement of statements) {
    const needed = conditions.size > 0 ? listNeeded(context.resolve(statement.toStatementJson()), conditions) : [];
    const key = needed.join();
    groups.set(key, { needed, statements: [...groups.get(key)?.statements ?? [], statement] });
  }
  // Only statements with the same conditions are merged.
  const { '': plain, ...others } = Object.fromEntries([...groups].map(([key, { needed, statements: members }]) => {
    const document = new iam.PolicyDocument({ minimize: true, statements: members }).resolve(context);
    const rendered = document.Statement.flatMap((statement: any) => keepResources(statement, context));
    return [key, { ...document, Statement: rendered.map((statement: any) => needed.reduce(putUnder, statement)) }];
  }));
  return { ...plain, Statement: [plain, ...Object.values(others)].flatMap(({ Statement }) => Statement) };
}

/** IAM rejects a statement without a resource: if conditions can leave out all of them, each one gets a statement that is left out with it. */
function keepResources(statement: any, context: IResolveContext): any[] {
  const resources = [statement.Resource].flat();
  const putInEach = (resource: any) => mapBranches(context.resolve(resource), (branch) => branch && { ...statement, Resource: branch });
  return resources.every((resource) => canBeLeftOut(context.resolve(resource))) ? resources.map(putInEach) : [statement];
}

function putUnder(statement: any, condition: string): any {
  return Fn.conditionIf(condition, statement, Aws.NO_VALUE);
}

/** The condition of each resource that has one, by logical id. */
function findConditions(stack: Stack): Map<string, string> {
  const resources = stack.node.findAll().filter((construct) => CfnResource.isCfnResource(construct) && construct.stack === stack) as CfnResource[];
  return new Map(resources.flatMap((resource): [string, string][] => {
    const condition = readCondition(resource);
    return condition ? [[stack.resolve(resource.logicalId), condition]] : [];
  }));
}

/** The conditions of what a rendered value names, except for those under which it names it. */
function listNeeded(value: any, conditions: Map<string, string>, given: string[] = []): string[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const listIn = (member: any, also: string[] = []) => listNeeded(member, conditions, [...given, ...also]);
  const [condition, whenTrue, whenFalse] = value['Fn::If'] ?? [];
  const needed = condition
    ? [...listIn(whenTrue, [condition]), ...listIn(whenFalse)]
    : [...listNames(value).flatMap((name) => conditions.get(name) ?? []), ...Object.values(value).flatMap((member) => listIn(member))];
  return [...new Set(needed)].filter((name) => !given.includes(name)).sort();
}
