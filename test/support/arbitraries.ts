import type { NormalizedSchema } from '@smithy/core/schema';
import * as fc from 'fast-check';

// What fails has to say so: to look for a smaller example can take for ever.
fc.configureGlobal({ interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true });

/** Control characters, halves of surrogate pairs, and all the rest. */
const anyCharacter = fc.integer({ max: 0xffff, min: 0 }).map((unit) => String.fromCharCode(unit));

/** Any text that can reach the function, and longer than any that should. */
export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: anyCharacter }),
  fc.tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 500 })).map(([some, times]) => some.repeat(times)),
);

/** An id of exactly the characters that AWS allows in it. */
export function id(pattern: string, most: number, least = 1): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...pattern), minLength: least, maxLength: most, size: 'max' });
}

export const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Now and then something else than what is known today. */
export function mostly<T>(...known: T[]): fc.Arbitrary<T | string> {
  return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: text });
}

/**
 * Anything that AWS's model of a shape allows: each member can be absent, since ECS promises none.
 *
 * The members that matter get values of their own, by path: `.containers[].name`.
 */
export function modelled(schema: NormalizedSchema, known: { readonly [path: string]: fc.Arbitrary<unknown> } = {}, path = ''): fc.Arbitrary<any> {
  if (known[path]) {
    return known[path];
  }
  if (schema.isStructSchema()) {
    const members = [...schema.structIterator()].map(([name, member]) => [name, modelled(member, known, `${path}.${name}`)]);
    return fc.record(Object.fromEntries(members), { requiredKeys: [], noNullPrototype: true });
  }
  if (schema.isListSchema()) {
    return fc.array(modelled(schema.getValueSchema(), known, `${path}[]`), { maxLength: 3 });
  }
  if (schema.isStringSchema()) {
    return text;
  }
  if (schema.isTimestampSchema()) {
    return fc.date({ noInvalidDate: true });
  }
  return schema.isBooleanSchema() ? fc.boolean() : fc.integer();
}
