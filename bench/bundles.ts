import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build, BuildOptions, Plugin } from 'esbuild';
import { CHECKOUT, LOCAL } from './setup';
import { BUNDLE_OPTIONS } from '../projenrc/bundle-options';

const FOLDER = join(LOCAL, 'bundles');

export interface Bundle { readonly name: string; readonly file: string }

/** Bundles the handler in several ways: each step adds one option to the previous step. */
export async function makeBundles(): Promise<{ [key in 'runtime' | 'defaults' | 'ours']: Bundle } & { readonly steps: Bundle[]; readonly dropped: Bundle[] }> {
  mkdirSync(FOLDER, { recursive: true });
  const { minify, mainFields, target, alias, supported, plugins = [] } = BUNDLE_OPTIONS;
  const minified: BuildOptions = { minify, mainFields, target };
  const withCredentials: BuildOptions = { ...minified, alias };
  const withoutImport: BuildOptions = { ...withCredentials, supported };
  const ours: Bundle = { name: '+ without the schemas of calls that the handler does not make: **ours**', file: join(FOLDER, 'ours.js') };
  copyFileSync(join(CHECKOUT, 'assets/lambda/handler/index.js'), ours.file);
  return {
    ours,
    runtime: await bundle('the SDK outside the bundle, as in the runtime', { external: ['@aws-sdk/*', '@smithy/*'] }),
    defaults: await bundle('the SDK bundled with esbuild\'s defaults', {}),
    steps: [
      await bundle('minified, `--main-fields=module,main`', minified),
      await bundle('+ credentials from the environment alone', withCredentials),
      await bundle('+ `--supported:dynamic-import=false`', withoutImport),
    ],
    dropped: [
      await bundle('dropped: ours as it would be if the client of Lambda weighed nothing', { ...withoutImport, plugins: [...plugins, weightless] }),
      await bundle('dropped: ours with the answer sent by `fetch`', { ...withoutImport, plugins: [...plugins, byFetch] }),
    ],
  };
}

async function bundle(name: string, options: BuildOptions): Promise<Bundle> {
  const file = join(FOLDER, `${name.replace(/\W+/g, '-')}.js`);
  await build({
    absWorkingDir: CHECKOUT, entryPoints: ['lambda/handler.ts'], outfile: file, bundle: true, platform: 'node', tsconfig: 'lambda/tsconfig.json', logLevel: 'error', ...options,
  });
  return { name, file };
}

const replace = (name: string, filter: RegExp, contents: string): Plugin => ({
  name,
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter }, ({ path }) => ({ path, namespace: name }));
    onLoad({ filter: /.*/, namespace: name }, () => ({ contents }));
  },
});

const weightless = replace('weightless', /^@aws-sdk\/client-lambda$/, 'export class LambdaClient {} export class InvokeCommand {}');
const byFetch = replace('fetch', /^\.\/put$/,
  'export const put = async (url, body) => (await fetch(url, { method: "PUT", body, headers: { "content-type": "" }, signal: AbortSignal.timeout(15_000) })).status;');
