import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { FOLDER } from './run-state';

export interface CliResult {
  readonly succeeded: boolean;
  readonly output: string;
}

/** Runs the CDK CLI like a user. Its output goes to a file, because each deployment prints pages. */
export function cdk(logName: string, region: string, args: readonly string[]): Promise<CliResult> {
  const file = join(FOLDER, 'logs', `${logName}.log`);
  mkdirSync(dirname(file), { recursive: true });
  const log = createWriteStream(file);
  const cli = spawn(process.execPath, [require.resolve('aws-cdk/bin/cdk'), ...args], {
    env: { ...process.env, AWS_REGION: region, CDK_DISABLE_VERSION_CHECK: '1', CDK_DISABLE_CLI_TELEMETRY: 'true', NO_COLOR: '1', NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let output = '';
    [cli.stdout, cli.stderr].forEach((stream) => stream.on('data', (chunk) => {
      output += chunk;
      log.write(chunk);
    }));
    cli.on('error', reject);
    cli.on('close', (status) => {
      log.end();
      resolve({ succeeded: status === 0, output: `${output.slice(-1500)}\n(${relative(process.cwd(), file)})` });
    });
  });
}
