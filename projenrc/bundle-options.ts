/** How esbuild bundles the handler. bench/RESULTS.md measures most lines, and test/handler/bundle.test.ts runs the result. */
import { readFileSync } from 'node:fs';
import type { BuildOptions, Plugin } from 'esbuild';

/** The SDK imports its whole package.json, but uses only the version. */
const versionOnly: Plugin = {
  name: 'version-only',
  setup: ({ onLoad }) => onLoad({ filter: /@aws-sdk.[^/\\]+.package\.json$/ }, ({ path }) => {
    const { version } = JSON.parse(readFileSync(path, 'utf8'));
    return { contents: JSON.stringify({ version }), loader: 'json' };
  }),
};

/**
 * The SDK's schemas have keys such as `[_h]`, with `const _h = "http"` above. esbuild keeps every object with such a key, even
 * unused, in case the key has a side effect; with the strings themselves it keeps the schemas of the calls that the handler makes.
 */
const literalKeys: Plugin = {
  name: 'literal-keys',
  setup: ({ onLoad }) => onLoad({ filter: /@aws-sdk.client-.*schemas_\d+\.js$/ }, ({ path }) => {
    const source = readFileSync(path, 'utf8');
    const strings = new Map(Array.from(source.matchAll(/^const (\w+) = ("[^"\\]*");$/gm), ([, name, string]) => [name, string]));
    return { contents: source.replace(/\[(\w+)\]:/g, (key, name) => strings.has(name) ? `${strings.get(name)}:` : key) };
  }),
};

export const BUNDLE_OPTIONS: BuildOptions = {
  entryPoints: ['lambda/handler.ts'],
  bundle: true,
  platform: 'node',
  target: 'node22',
  tsconfig: 'lambda/tsconfig.json',
  minify: true,
  mainFields: ['module', 'main'],
  supported: { 'dynamic-import': false }, // import('node:http') would load fetch completely
  alias: { '@aws-sdk/credential-provider-node': './lambda/bundle/env-credentials.ts' },
  plugins: [versionOnly, literalKeys],
};
