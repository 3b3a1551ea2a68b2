import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import * as ts from 'typescript';
import { EXIT_CODES, START_FAILURES } from '../../lambda/verdict/causes';
import { ERRORS, FAILURES, NOTES, REASONS } from '../../lambda/verdict/texts';

/** A text that users can get to see. */
export interface Message {
  /** As the code has it, with `<...>` for what it fills in. */
  readonly text: string;
  readonly file: string;
  readonly pattern: RegExp;
}

const ROOT = path.join(__dirname, '..', '..');

/** Every text that has an entry in docs/troubleshooting.md: those of the function are data, those of synthesis are found in its sources. */
export function messages(): Message[] {
  return [...messagesOfFunction(), ...filesOf('src').flatMap(messagesIn)];
}

function messagesOfFunction(): Message[] {
  const causes = [
    ...START_FAILURES.map(({ means }) => FAILURES.didNotStart(means).cause),
    ...Object.entries(EXIT_CODES).map(([code, { means }]) => FAILURES.exited('<name>', `${code}: ${means}`).cause),
  ];
  const texts = [
    FAILURES.didNotStart(REASONS.notPlaced).cause,
    ...Object.values(FAILURES).filter((failure) => failure !== FAILURES.exited).map(textOf),
    ...Object.values({ ...NOTES, ...ERRORS }).map(textOf),
    FAILURES.exited(FILLED_IN, FILLED_IN).cause,
  ];
  return [
    ...causes.map((text) => ({ text, file: 'lambda/verdict/causes.ts', pattern: whole(text.split('<name>').map(escape).join('.+')) })),
    ...texts.map((text) => ({ text: text.replaceAll(FILLED_IN, '<...>'), file: 'lambda/verdict/texts.ts', pattern: whole(text.split(FILLED_IN).map(escape).join('.*')) })),
  ];
}

/** Stands for a value in a text. */
const FILLED_IN = '\u0000';

type Text = string | { readonly cause: string };

function textOf(entry: Text | ((...values: string[]) => Text)): string {
  const text = typeof entry === 'function' ? entry(FILLED_IN, FILLED_IN, FILLED_IN) : entry;
  return typeof text === 'string' ? text : text.cause;
}

export function filesOf(folder: string): string[] {
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
        case 'push': if (/errors\.push$/.test(node.expression.getText())) { add(node.arguments[0]); } break;
        case 'addWarning': add(node.arguments[2]); break;
        case 'addInfo': add(node.arguments[0]); break;
      }
    }
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}

/** Texts of a source file that look like a message, and that `messagesIn` does not find. */
export function unfoundTexts(file: string): string[] {
  const found = messagesIn(file).map(({ text }) => text);
  const source = ts.createSourceFile(file, readFileSync(path.join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && /^(description|reason)$/.test(node.name.getText())) {
      return; // of a resource, in the template
    }
    const [[text] = ['']] = ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) ? textsOf(node) : [];
    if (text.split(/[a-z]{2,} /).length > 5 && !found.some((message) => message.includes(text.replace(/^\[<...>\] /, '')))) {
      texts.push(text);
    }
    node.forEachChild(visit);
  };
  visit(source);
  return texts;
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
