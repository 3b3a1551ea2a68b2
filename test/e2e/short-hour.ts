import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { checkout, folders } from './engine/folders';

/** What the function takes for CloudFormation's hour. */
export const HOUR_SECONDS = 20;

/** Makes the function with an hour that a test can wait for, and all its margins within; gives its folder. */
export async function functionWithShortHour(): Promise<string> {
  const outdir = join(folders.run, 'short-hour');
  await build({
    entryPoints: { index: join(checkout, 'lambda', 'handler.ts') },
    outdir,
    bundle: true,
    platform: 'node',
    plugins: [{
      name: 'short hour',
      setup: ({ onLoad }) => onLoad({ filter: /(src\/contract|lambda\/schedule)\.ts$/ }, async ({ path }) => ({
        contents: (await readFile(path, 'utf8')).replace(
          /(_SECONDS|LOOK_AT_STACK_MS) = ([\d_]+);/g,
          (_, name, time) => `${name} = ${Number(time.replace('_', '')) * HOUR_SECONDS / 3600};`,
        ),
        loader: 'ts',
      })),
    }],
  });
  return outdir;
}
