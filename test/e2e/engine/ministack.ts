import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { NotAvailable } from './containers';
import type { DockerApi } from './docker-api';
import { folders } from './folders';
import { installFromPypi } from './packages';
import { launch, untilReady } from './processes';

export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';

/** Settings of the CLI, the SDK clients and the function, so that none of them looks for an AWS account. */
export const awsEnvironment = (endpoint: string): Record<string, string> => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_ACCESS_KEY_ID: ACCOUNT, // MiniStack takes the account from it
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_REGION: REGION,
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
});

export interface MiniStack {
  readonly endpoint: string;
  /** What the containers of this MiniStack carry. */
  readonly containerLabel: string;
}

/**
 * AWS's APIs on loopback, from PyPI's MiniStack: CloudFormation, ECS on the container engine, Lambda in local processes.
 *
 * @param functionEndpoint what the functions call instead of MiniStack itself
 */
export async function startMiniStack(docker: DockerApi, functionEndpoint?: string): Promise<MiniStack> {
  const python = installMiniStack();
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const temporary = join(folders.run, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const server = launch({
    name: 'ministack',
    command: join(python, 'bin', 'ministack'),
    args: [],
    cwd: folders.run,
    env: {
      ...awsEnvironment(functionEndpoint ?? endpoint), // its functions inherit these
      AWS_ENDPOINT_URL_S3: endpoint, // where it waits for their answers
      PATH: process.env.PATH,
      HOME: folders.run,
      TMPDIR: temporary,
      S3_DATA_DIR: join(temporary, 's3'),
      STATE_DIR: join(temporary, 'state'),
      BIND_HOST: '127.0.0.1', // by default it listens on all addresses
      MINISTACK_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      IOT_MTLS_ENABLED: '0', // would listen on all addresses
      SFTP_ENABLED: '0',
      MINISTACK_ACCOUNT_ID: ACCOUNT,
      DOCKER_HOST: docker.host,
      NODE_NO_WARNINGS: '1', // the functions' log shows what Lambda's would, whatever Node runs them
    },
  });
  await untilReady('ministack', server, () => fetch(`${endpoint}/_ministack/health`).then(({ ok }) => ok, () => false));
  return { endpoint, containerLabel: `ministack.instance=${hostname()}:${port}` };
}

function installMiniStack(): string {
  try {
    return installFromPypi('MiniStack', folders.python, join(__dirname, 'requirements.txt'));
  } catch (error) {
    throw new NotAvailable(error as Error, 'MiniStack cannot be installed here: get Python 3.10 or later with venv, and access to PyPI.');
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
