import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Takes long for each mutant; the golden files render dozens of stacks when they are loaded. */
const SLOW = /\.property\.test\.ts$|bundle\.test\.ts$|wire-format\.test\.ts$/;

/** Loads all fast tests of a folder into the calling file: as files of their own, each would load the SDK and the CDK again, for each mutant. */
export function requireTests(folder: 'construct' | 'handler'): void {
  const root = join(__dirname, '..', folder);
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !SLOW.test(file))
    .forEach((file) => jest.requireActual(join(root, file)));
}
