import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { checkout, folders } from './engine/folders';

/** What the function takes for CloudFormation's hour. */
export const HOUR_SECONDS = 20;

/** Makes the function with an hour that a test can wait for, and all its margins within; gives its folder. */
export function functionWithShortHour(): Promise<string> {
  return functionWith('short-hour', /src\/timing\.ts$/, /((?<!RESPONSE_URL)_SECONDS|LOOK_AT_STACK_MS|STALE_FOR_MS|BETWEEN_READINGS_MS|SECOND_READING_MS|OVERLAP_MS) = ([\d_]+);/g, HOUR_SECONDS / 3600);
}

/** Makes the function that waits a few seconds only for a log that is late; gives its folder. */
export function functionWithoutPatienceForLogs(): Promise<string> {
  return functionWith('no-patience', /src\/timing\.ts$/, /(LOG_WITHIN_MS) = ([\d_]+);/g, 1 / 12);
}

async function functionWith(name: string, files: RegExp, times: RegExp, factor: number): Promise<string> {
  const outdir = join(folders.run, name);
  await build({
    entryPoints: { index: join(checkout, 'lambda', 'handler.ts') },
    outdir,
    bundle: true,
    platform: 'node',
    plugins: [{
      name,
      setup: ({ onLoad }) => onLoad({ filter: files }, async ({ path }) => ({
        contents: (await readFile(path, 'utf8')).replace(times, (_, constant, time) => `${constant} = ${Number(time.replaceAll('_', '')) * factor};`),
        loader: 'ts',
      })),
    }],
  });
  return outdir;
}
