import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const checkout = resolve(__dirname, '../../..');

/** All that the engine writes: downloads that the next run uses again, and `run/`, which it clears away. */
const local = join(checkout, '.local');

export const folders = {
  python: join(local, 'python'),
  cfnLint: join(local, 'cfn-lint'),
  templates: join(local, 'templates'),
  logs: join(local, 'logs'),
  run: join(local, 'run'),
};

/** Where the processes write their logs: kept after the run, for whoever looks for the cause of a failure. */
export const logFile = (name: string): string => join(folders.logs, `${name}.log`);

export function clearRunFolder(): void {
  rmSync(folders.run, { recursive: true, force: true });
  mkdirSync(folders.run, { recursive: true });
  mkdirSync(folders.logs, { recursive: true });
}

/** A Unix socket in the run folder. The kernel cuts longer paths off, which shows as a refused connection. */
export function socketPath(...parts: string[]): string {
  const path = join(folders.run, ...parts);
  if (Buffer.byteLength(path) > 107) {
    throw new Error(`The path of a Unix socket may have 107 bytes: ${path} has more. Use a checkout with a shorter path.`);
  }
  return path;
}
