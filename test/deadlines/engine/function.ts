import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runtime } from './install';
import { folders } from '../../e2e/engine/folders';
import { freePort } from '../../e2e/engine/ministack';
import { launch, untilReady } from '../../e2e/engine/processes';
import { until } from '../../e2e/engine/until';

/** One invocation, as the emulator reports it. */
export interface Invocation {
  readonly milliseconds: number;
  readonly result?: unknown;
  /** Why Lambda counts it as failed. */
  readonly error?: string;
}

export interface FunctionOptions {
  readonly name: string;
  /** The code: a folder, and the handler in it as `file.export`. */
  readonly folder: string;
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly environment?: Record<string, string>;
}

/** How often Lambda repeats an asynchronous invocation that failed. It waits minutes before it does, this does not. */
const RETRIES = 2;

/** A function with AWS's own runtime, in one execution environment: its events wait for each other. */
export class LambdaFunction {
  static async start(options: FunctionOptions): Promise<LambdaFunction> {
    const [port, apiPort] = [await freePort(), await freePort()];
    const pidFile = join(folders.run, `${options.name}.pid`);
    const server = launch({
      name: `lambda-${options.name}`,
      command: runtime.emulator,
      args: [
        '--runtime-interface-emulator-address', `127.0.0.1:${port}`, // by default it listens on all addresses
        '--runtime-api-address', `127.0.0.1:${apiPort}`,
        'sh', '-c', 'echo $$ > "$0"; exec "$@"', pidFile, runtime.node, runtime.client, options.handler,
      ],
      cwd: options.folder,
      env: {
        PATH: process.env.PATH,
        AWS_LAMBDA_FUNCTION_NAME: options.name,
        AWS_LAMBDA_FUNCTION_TIMEOUT: String(options.timeoutSeconds),
        ...options.environment,
      },
    });
    const url = `http://127.0.0.1:${port}/2015-03-31/functions/function/invocations`;
    // Any answer will do: this is no invocation.
    await untilReady(`lambda-${options.name}`, server, () => fetch(url, { method: 'OPTIONS' }).then(() => true, () => false));
    return new LambdaFunction(url, pidFile);
  }

  invocations: Invocation[] = [];
  private queue: Promise<void> = Promise.resolve();

  private constructor(private readonly url: string, private readonly pidFile: string) {}

  /** An asynchronous invocation, at least once, as CloudFormation and the function itself make them. */
  deliver(event: object): void {
    this.queue = this.queue.then(async () => {
      for (let attempt = 0; attempt <= RETRIES; attempt++) {
        const { error } = await this.invoke(event);
        if (error === undefined) {
          return;
        }
      }
    }).catch(console.error);
  }

  async invoke(event: object): Promise<Invocation> {
    const begin = Date.now();
    const response = await fetch(this.url, { method: 'POST', body: JSON.stringify(event) });
    const text = await response.text();
    const failed = !response.ok || /^Task timed out|"errorType":/.test(text); // it calls a time-out a success
    const invocation: Invocation = {
      milliseconds: Date.now() - begin,
      ...failed ? { error: text } : { result: JSON.parse(text) },
    };
    this.invocations.push(invocation);
    return invocation;
  }

  /** When nothing is left to do. */
  async settled(): Promise<void> {
    for (let known; known !== this.queue;) {
      known = this.queue;
      await known;
    }
  }

  /** Kills the process of the runtime, as a crash or a host that fails does. The emulator starts another one. */
  async kill(): Promise<void> {
    const pid = Number(readFileSync(this.pidFile, 'utf8'));
    process.kill(pid, 'SIGKILL');
    await until('the runtime is gone', () => !existsSync(`/proc/${pid}`));
  }
}
