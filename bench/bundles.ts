import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, BuildOptions, Plugin } from 'esbuild';
import { CHECKOUT, LOCAL } from './setup';

const FOLDER = join(LOCAL, 'bundles');
const CREDENTIALS = { '@aws-sdk/credential-provider-node': './lambda/bundle/env-credentials.ts' };
const NO_EVENT_STREAMS = { '@smithy/core/event-streams': './lambda/bundle/event-streams.ts' };

export interface Bundle { readonly name: string; readonly file: string }

/** The handler, bundled in many ways: each of the steps has what those before it have. */
export async function makeBundles(): Promise<{ [key in 'runtime' | 'defaults' | 'ours']: Bundle } & { readonly steps: Bundle[]; readonly dropped: Bundle[] }> {
  mkdirSync(FOLDER, { recursive: true });
  const minified: BuildOptions = { minify: true, mainFields: ['module', 'main'], target: 'node22' };
  const withCredentials: BuildOptions = { ...minified, alias: CREDENTIALS };
  const withoutImport: BuildOptions = { ...withCredentials, supported: { 'dynamic-import': false } };
  const withoutStreams: BuildOptions = { ...withoutImport, alias: { ...CREDENTIALS, ...NO_EVENT_STREAMS } };
  const ours: Bundle = { name: '+ without the classes of errors: **ours**', file: join(FOLDER, 'ours.js') };
  copyFileSync(join(CHECKOUT, 'assets/lambda/handler/index.js'), ours.file);
  return {
    ours,
    runtime: await bundle('the SDK outside the bundle, as in the runtime', { external: ['@aws-sdk/*', '@smithy/*'] }),
    defaults: await bundle('the SDK bundled with esbuild\'s defaults', {}),
    steps: [
      await bundle('minified, `--main-fields=module,main` (until now)', minified),
      await bundle('+ credentials from the environment alone', withCredentials),
      await bundle('+ `--supported:dynamic-import=false`', withoutImport),
      await bundle('+ without event streams', withoutStreams),
      await bundle('+ terser in place of esbuild\'s minifier', { ...withoutStreams, minify: false }, []),
    ],
    dropped: [
      await bundle('dropped: ours as it would be if the client of Lambda weighed nothing', { ...withoutStreams, minify: false, plugins: [weightless] }, [2, 3, '']),
      await bundle('dropped: ours with the answer sent by `fetch`', { ...withoutStreams, minify: false, plugins: [byFetch] }, [2, 3, 4, '']),
    ],
  };
}

async function bundle(name: string, options: BuildOptions, registries?: ReadonlyArray<number | string>): Promise<Bundle> {
  const file = join(FOLDER, `${name.replace(/\W+/g, '-')}.js`);
  await build({
    absWorkingDir: CHECKOUT, entryPoints: ['lambda/handler.ts'], outfile: file, bundle: true, platform: 'node', tsconfig: 'lambda/tsconfig.json', logLevel: 'error', ...options,
  });
  if (registries) {
    const pure_funcs = registries.map((number) => `n0_registry${number}.registerError`);
    const { minify } = await import('terser');
    const { code } = await minify(readFileSync(file, 'utf8'), { toplevel: true, compress: { ecma: 2020, passes: 2, pure_funcs } });
    writeFileSync(file, code!);
  }
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
