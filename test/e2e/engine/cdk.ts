import { checkout } from './folders';
import { awsEnvironment } from './ministack';
import { launch } from './processes';

export interface CliResult {
  readonly status: number;
  readonly output: string;
  readonly seconds: number;
}

/** As a variable of the environment. */
export type Colors = { readonly NO_COLOR: '1' } | { readonly FORCE_COLOR: '1' };

/** Runs the CDK CLI as a user would, and keeps what it prints. */
export function cdk(endpoint: string, args: string[], cwd = checkout, colors: Colors = { NO_COLOR: '1' }): Promise<CliResult> {
  const begin = Date.now();
  const cli = launch({
    name: 'cdk',
    command: process.execPath,
    args: [require.resolve('aws-cdk/bin/cdk'), ...args],
    cwd,
    env: {
      ...process.env,
      ...awsEnvironment(endpoint),
      CDK_DISABLE_VERSION_CHECK: '1',
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      ...colors,
      NODE_NO_WARNINGS: '1',
    },
  }, ['ignore', 'pipe', 'pipe']);
  return new Promise((resolve, reject) => {
    let output = '';
    cli.stdout!.on('data', (chunk) => (output += chunk));
    cli.stderr!.on('data', (chunk) => (output += chunk));
    cli.on('error', reject);
    cli.on('close', (status) => {
      if (status !== null) { // else a signal ended it: this run is being stopped, and nobody waits for a result any more
        resolve({ status, output, seconds: (Date.now() - begin) / 1000 });
      }
    });
  });
}
