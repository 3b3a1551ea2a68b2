/** Fails if api.ts reads another API from the sources than jsii, which has just compiled them. */
import { deepStrictEqual } from 'node:assert';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { namesOf, readApi } from './api';

interface JsiiType {
  readonly kind: 'class' | 'enum' | 'interface';
  readonly name: string;
  readonly datatype?: boolean;
  readonly members?: { readonly name: string }[];
  readonly properties?: { readonly name: string; readonly type: any }[];
}

const { types } = JSON.parse(readFileSync(path.join(__dirname, '..', '..', '..', '.jsii'), 'utf8')) as { types: { [name: string]: JsiiType } };
const isText = ({ primitive, collection }: any) => (primitive ?? collection?.elementtype?.primitive) === 'string';
const namesIn = (has: (type: JsiiType) => boolean, of: (type: JsiiType) => { readonly name: string }[]) =>
  Object.values(types).filter(has).flatMap((type) => of(type).map(({ name }) => `${type.name}.${name}`)).sort();

const api = readApi();
deepStrictEqual(namesOf(api), [
  ...namesIn(({ datatype }) => datatype === true, ({ properties = [] }) => properties),
  ...namesIn(({ kind }) => kind === 'enum', ({ members = [] }) => members),
].sort());
deepStrictEqual([...api.attributes].sort(), namesIn(({ kind }) => kind === 'class', ({ properties = [] }) => properties.filter(({ type }) => isText(type))));
