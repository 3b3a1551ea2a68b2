import type { awscdk } from 'projen';

/**
 * Bundles the handler with its SDK clients when the library is built: users need neither esbuild nor Docker, and request
 * members that the SDK of the Lambda runtime does not know yet still reach ECS.
 */
export function bundleHandler(project: awscdk.AwsCdkConstructLibrary): void {
  project.bundler.addBundle('lambda/handler.ts', {
    platform: 'node',
    target: 'node22',
    tsconfigPath: 'lambda/tsconfig.json',
    sourcemap: false,
    // bench/RESULTS.md measures each line. The alias replaces an internal module of the SDK: test/handler/bundle.test.ts shows that it still fits.
    esbuildArgs: {
      '--minify': true,
      '--main-fields': 'module,main',
      '--supported:dynamic-import': 'false', // import('node:http') would load all of fetch
      '--alias:@aws-sdk/credential-provider-node': './lambda/bundle/env-credentials.ts',
    },
  });
}
