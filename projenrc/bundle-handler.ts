/** Bundles the handler into assets/, as the code of the function, and lists the inputs in dist/bundle.json. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { BUNDLE_OPTIONS } from './bundle-options';

async function main() {
  const { metafile } = await build({ ...BUNDLE_OPTIONS, outfile: 'assets/lambda/handler/index.js', metafile: true, logLevel: 'info' });
  mkdirSync('dist', { recursive: true });
  writeFileSync('dist/bundle.json', JSON.stringify(metafile));
}

void main();
