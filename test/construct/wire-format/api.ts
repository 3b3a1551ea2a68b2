import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import * as ts from 'typescript';

/** The part of the public API through which a user's values reach a template. */
export interface Api {
  /** The props of each interface, inherited ones included. */
  readonly structs: { readonly [name: string]: { readonly [prop: string]: Prop } };

  /** The member names of each enum. */
  readonly enums: { readonly [name: string]: readonly string[] };

  /** The properties of classes that are a string or a list of strings, such as `RunTask.taskArn`. */
  readonly attributes: readonly string[];
}

interface Prop {
  /** The interface that declares the prop. */
  readonly owner: string;

  /** The type of the prop, or of its items, if it is an interface or enum of this library. */
  readonly type?: string;
}

const SRC = path.join(__dirname, '..', '..', '..', 'src');

/**
 * Reads the API from the sources, because `.jsii` exists only after a compilation, which `npm test` does without.
 *
 * Parsing is enough: jsii allows no computed types, so each interface and enum is written out, and index.ts exports each by
 * its name. After each compilation, compare-with-jsii.ts compares the result with `.jsii`.
 */
export function readApi(): Api {
  const declarations = exportedDeclarations();
  const interfaces = new Map(declarations.filter(ts.isInterfaceDeclaration).map((each) => [each.name.text, each]));
  const enums = Object.fromEntries(declarations.filter(ts.isEnumDeclaration).map((each) => [
    each.name.text, each.members.map((member) => member.name.getText()),
  ]));
  const typeOf = (node?: ts.TypeNode): string | undefined => {
    const element = node && ts.isArrayTypeNode(node) ? node.elementType : node;
    const name = element?.getText() ?? '';
    return interfaces.has(name) || name in enums ? name : undefined;
  };
  const propsOf = (each: ts.InterfaceDeclaration): [string, Prop][] => [
    ...parentsOf(each).flatMap((parent) => interfaces.has(parent) ? propsOf(interfaces.get(parent)!) : []), // interfaces of aws-cdk-lib are left out
    ...each.members.filter(ts.isPropertySignature).filter((member) => !member.name.getText().startsWith('_')).map((member): [string, Prop] => [
      member.name.getText(), { owner: each.name.text, type: typeOf(member.type) },
    ]),
  ];
  return {
    structs: Object.fromEntries([...interfaces].map(([name, each]) => [name, Object.fromEntries(propsOf(each))])),
    enums,
    attributes: declarations.filter(ts.isClassDeclaration).flatMap(attributesOf),
  };
}

/** All props and enum values, with names such as `RunTaskProps.launchType` and `RunOn.CHANGE`. */
export function namesOf({ structs, enums }: Api): string[] {
  return [
    ...Object.values(structs).flatMap((props) => Object.entries(props).map(([prop, { owner }]) => `${owner}.${prop}`)),
    ...Object.entries(enums).flatMap(([name, members]) => members.map((member) => `${name}.${member}`)),
  ].filter((name, index, all) => all.indexOf(name) === index).sort();
}

/** The props and enum values that a value of an interface uses. */
export function namesIn(api: Api, struct: string, value: object, valuesOf: (enumName: string) => { readonly [member: string]: string }): string[] {
  return Object.entries(value).filter(([, member]) => member !== undefined).flatMap(([key, member]) => {
    const prop = api.structs[struct][key];
    const items: any[] = prop?.type ? [member].flat() : [];
    const inside = items.flatMap((item) => prop.type! in api.structs
      ? namesIn(api, prop.type!, item, valuesOf)
      : Object.entries(valuesOf(prop.type!)).filter(([, each]) => each === item).map(([name]) => `${prop.type}.${name}`));
    return prop ? [`${prop.owner}.${key}`, ...inside] : [];
  });
}

function exportedDeclarations(): ts.Statement[] {
  return parse('index.ts').statements.filter(ts.isExportDeclaration).flatMap(({ exportClause, moduleSpecifier }) => {
    const names = (exportClause as ts.NamedExports).elements.map(({ name }) => name.text);
    const { statements } = parse(`${(moduleSpecifier as ts.StringLiteral).text}.ts`);
    return names.map((exported) => statements.find((each) => 'name' in each && (each.name as ts.Identifier)?.text === exported)!);
  });
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(path.join(SRC, file), 'utf8'), ts.ScriptTarget.Latest, true);
}

function parentsOf({ heritageClauses }: ts.InterfaceDeclaration): string[] {
  return heritageClauses?.flatMap(({ types }) => types.map(({ expression }) => expression.getText())) ?? [];
}

function attributesOf({ name, members }: ts.ClassDeclaration): string[] {
  const isHidden = ({ kind }: ts.Modifier) => kind === ts.SyntaxKind.PrivateKeyword || kind === ts.SyntaxKind.ProtectedKeyword;
  return members
    .filter((member) => ts.isGetAccessor(member) || ts.isPropertyDeclaration(member))
    .filter((member) => !ts.getModifiers(member)?.some(isHidden) && ['string', 'string[]'].includes(member.type?.getText() ?? ''))
    .map((member) => `${name!.text}.${member.name.getText()}`);
}
