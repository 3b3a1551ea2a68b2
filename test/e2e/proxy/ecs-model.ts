import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { folders } from '../engine/folders';

/** A shape of AWS's own model of a service, as botocore ships it. */
interface Shape {
  readonly type: string;
  readonly members?: Record<string, { readonly shape: string }>;
  readonly member?: { readonly shape: string };
  readonly value?: { readonly shape: string };
  readonly required?: string[];
  readonly enum?: string[];
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
}

interface Model {
  readonly operations: Record<string, { readonly input: { readonly shape: string } } | undefined>;
  readonly shapes: Record<string, Shape>;
}

/**
 * Judges requests to ECS by AWS's model. The SDK for JavaScript 2 has a validator too, but it lets a count of "2" and an
 * unknown launch type pass; ECS does not.
 */
export class EcsModel {
  private readonly model: Model;

  constructor() {
    const library = join(folders.python, 'lib');
    const python = readdirSync(library).find((name) => name.startsWith('python'))!;
    const file = join(library, python, 'site-packages/botocore/data/ecs/2014-11-13/service-2.json.gz');
    this.model = JSON.parse(gunzipSync(readFileSync(file)).toString());
  }

  problemsWith(operation: string, input: unknown): string[] {
    const known = this.model.operations[operation];
    return known ? [...this.check(this.model.shapes[known.input.shape], input, operation)] : [`${operation}: ECS has no such operation`];
  }

  private* check(shape: Shape, value: any, path: string): Generator<string> {
    const isOfType = TYPES[shape.type];
    if (!isOfType?.(value)) {
      yield `${path}: ${JSON.stringify(value)} is no ${shape.type}`;
      return;
    }
    const size = typeof value === 'number' ? value : value.length;
    if (size < (shape.min ?? -Infinity) || size > (shape.max ?? Infinity)) {
      yield `${path}: ${JSON.stringify(value)} is outside ${shape.min ?? ''} to ${shape.max ?? ''}`;
    }
    if (shape.enum && !shape.enum.includes(value)) {
      yield `${path}: ${value} is none of ${shape.enum.join(', ')}`;
    }
    if (shape.pattern && !new RegExp(shape.pattern, 'u').test(value)) {
      yield `${path}: ${value} does not match ${shape.pattern}`;
    }
    yield* this.checkMembers(shape, value, path);
  }

  private* checkMembers({ members = {}, member, value: mapValue, required = [], type }: Shape, value: any, path: string): Generator<string> {
    if (type === 'structure') {
      yield* required.filter((name) => !(name in value)).map((name) => `${path}.${name} is missing`);
    }
    const children = type === 'structure' || type === 'map' || type === 'list' ? Object.entries(value) : [];
    for (const [name, child] of children) {
      const shape = members[name] ?? member ?? mapValue;
      if (shape) {
        yield* this.check(this.model.shapes[shape.shape], child, `${path}.${name}`);
      } else {
        yield `${path}.${name} is unknown to ECS`;
      }
    }
  }
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The types as they are in JSON. */
const TYPES: Record<string, ((value: unknown) => boolean) | undefined> = {
  structure: isObject,
  map: isObject,
  list: Array.isArray,
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: Number.isInteger,
  long: Number.isInteger,
  double: (value) => typeof value === 'number',
};
