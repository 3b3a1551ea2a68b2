import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';

export const CHECKOUT = resolve(__dirname, '..');

/** The folder for all files of the measurements, except their report. */
export const LOCAL = join(CHECKOUT, '.local/bench');

/** The package in its published form. */
export function packed(): string {
  const folder = join(CHECKOUT, 'dist/js');
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz'))!);
}

/** Installs the alternative that is a package, this package in its published form, and the Node.js of the function's runtime. */
export function setUp(): void {
  mkdirSync(LOCAL, { recursive: true });
  writeFileSync(join(LOCAL, 'package.json'), '{ "private": true }');
  // Without peers: all packages find the aws-cdk-lib of the checkout.
  const packages = ['cdk-fargate-run-task@2.0.6', packed(), 'node@24'];
  execFileSync('npm', ['install', '--prefix', LOCAL, '--legacy-peer-deps', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', ...packages], { stdio: ['ignore', 'ignore', 'inherit'] });
  for (const [entry, name] of [['alternatives/handlers', 'handlers/index'], ['cold-start-child', 'cold-start'], ['synth-time-child', 'synth-time'], ['further-task-child', 'further-task']]) {
    buildSync({
      absWorkingDir: __dirname,
      entryPoints: [`${entry}.ts`],
      outfile: join(LOCAL, `${name}.js`),
      bundle: true,
      platform: 'node',
      logLevel: 'error',
      ...(name === 'handlers/index' ? {} : { packages: 'external', tsconfigRaw: {} }), // the handlers with esbuild's defaults
    });
  }
}

/** The Node.js on which Lambda runs the function. */
export function nodeOfTheRuntime(): string {
  const installed = join(LOCAL, 'node_modules/node/bin/node');
  return existsSync(installed) ? installed : process.execPath;
}

/** Runs a script in a new process, and returns the last line of its output and the total time. */
export function run(node: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ output: any; took: number }> {
  const begin = process.hrtime.bigint();
  const child = spawn(node, args, { env: { ...env, NODE_NO_WARNINGS: '1', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolvePromise, reject) => {
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (status) => {
      const took = Number(process.hrtime.bigint() - begin) / 1e6;
      if (status === 0) {
        resolvePromise({ output: JSON.parse(output.trim().split('\n').pop() || 'null'), took });
      } else {
        reject(new Error(`${args.join(' ')} ended with ${status}`));
      }
    });
  });
}
