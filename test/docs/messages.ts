import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import * as ts from 'typescript';
import { EXIT_CODES, START_FAILURES } from '../../lambda/verdict/causes';

/** A text that users can get to see. */
export interface Message {
  /** As the code has it, with `<...>` for what it fills in. */
  readonly text: string;
  readonly file: string;
  readonly pattern: RegExp;
}

const ROOT = path.join(__dirname, '..', '..');

/** Every failure and every other message of the library, found in its sources by where such texts stand. */
export function messages(): Message[] {
  const known = [
    ...START_FAILURES.map(({ means }) => `The task did not start: ${means}`),
    ...Object.entries(EXIT_CODES).map(([code, { means }]) => `Container "<name>" exited with code ${code}: ${means}`),
  ];
  return [
    ...known.map((text) => ({ text, file: 'lambda/verdict/causes.ts', pattern: whole(text.split('<name>').map(escape).join('.+')) })),
    ...filesOf('lambda').flatMap(messagesIn),
    ...filesOf('src').flatMap(messagesIn),
  ];
}

function filesOf(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => `${folder}/${name}`);
}

function messagesIn(file: string): Message[] {
  const source = ts.createSourceFile(file, readFileSync(path.join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const found: Message[] = [];
  const add = (expression: ts.Node | undefined, before = '') => {
    for (const [text, pattern] of expression ? textsOf(expression) : []) {
      if (/[a-z]{3}/i.test(text.replace(/<\.\.\.>/g, ''))) { // more than punctuation between two others
        found.push({ text: before + text, file, pattern: whole(before + pattern) });
      }
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isYieldExpression(node) && !node.asteriskToken) {
      add(node.expression);
    } else if (ts.isNewExpression(node) && /Error$/.test(node.expression.getText())) {
      add(node.arguments?.[0]);
    } else if (ts.isCallExpression(node)) {
      switch (node.expression.getText().replace(/^.*\./, '')) {
        case 'super':
        case 'sentence': add(node.arguments[0]); break;
        case 'push': if (/errors\.push$/.test(node.expression.getText())) { add(node.arguments[0]); } break;
        case 'addWarningV2': add(node.arguments[1]); break;
      }
    } else if (ts.isPropertyAssignment(node) && node.name.getText() === 'cause') {
      add(node.initializer);
    } else if (ts.isPropertyAssignment(node) && node.name.getText() === 'reason' && ts.isArrayLiteralExpression(node.initializer)) {
      node.initializer.elements.filter((element) => !ts.isSpreadElement(element)).forEach((element) => add(element));
    } else if (ts.isBindingElement(node) && node.name.getText() === 'means') {
      add(node.initializer, 'the task did not start: ');
    } else if (ts.isFunctionDeclaration(node) && /^(notStopped|noTail)$/.test(node.name?.text ?? '')) {
      node.body!.forEachChild((statement) => findTemplates(statement).forEach((template) => add(template)));
    }
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}

function findTemplates(node: ts.Node): ts.Node[] {
  return ts.isTemplateExpression(node) ? [node] : node.getChildren().flatMap(findTemplates);
}

/** The texts that an expression can be, each with a pattern for it. Of a sum, all parts together are one. */
function textsOf(node: ts.Node): Array<[text: string, pattern: string]> {
  if (ts.isStringLiteralLike(node)) {
    return [[node.text, escape(node.text)]];
  }
  if (ts.isTemplateExpression(node)) {
    const parts = node.templateSpans.map(({ expression, literal }): [string, string] =>
      // The known meanings have entries of their own, so that in this one something has to stand for them.
      [`<...>${literal.text}`, (expression.getText().includes('means') ? '<[^<>]+>' : '.*') + escape(literal.text)]);
    // Two that stand beside each other are one placeholder.
    const pattern = parts.map(([, one]) => one).join('').replace(/(\.\*)?<\[\^<>\]\+>/, '<[^<>]+>');
    return [[node.head.text + parts.map(([text]) => text).join(''), escape(node.head.text) + pattern]];
  }
  if (ts.isConditionalExpression(node)) {
    return [...textsOf(node.whenTrue), ...textsOf(node.whenFalse)];
  }
  if (ts.isParenthesizedExpression(node)) {
    return textsOf(node.expression);
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [textsOf(node.left), textsOf(node.right)];
    return left.flatMap(([text, pattern]) => right.map(([more, morePattern]): [string, string] => [text + more, pattern + morePattern]));
  }
  if (ts.isBinaryExpression(node)) {
    return textsOf(node.right); // what stands in for nothing
  }
  return [];
}

/** The path of a construct, which begins many messages, and the full stop, are left out. */
function whole(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/^\\\[\.\*\\\] /, '')}$`.replace(/(\\\.)+\$$/, '$'), 'i');
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
