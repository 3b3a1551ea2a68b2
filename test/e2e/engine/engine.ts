import { rmSync } from 'node:fs';
import { cdk, CliResult, Colors } from './cdk';
import { findContainerEngine } from './containers';
import type { DockerApi } from './docker-api';
import { folders } from './folders';
import { ACCOUNT, awsEnvironment, MiniStack, REGION, startMiniStack } from './ministack';
import { stopAll, stopOnEveryEnding, takeOver } from './processes';

/** AWS on this machine: MiniStack, with real containers, for the real CLI. */
export interface Engine {
  readonly docker: DockerApi;
  readonly endpoint: string;
  cdk(args: string[], cwd?: string, colors?: Colors): Promise<CliResult>;
  bootstrap(): Promise<CliResult>;
  stop(): Promise<void>;
}

export interface EngineOptions {
  /** Where the functions find AWS, where that is not MiniStack itself. */
  readonly functionEndpoint?: string;
}

export async function startEngine({ functionEndpoint }: EngineOptions = {}): Promise<Engine> {
  let docker: DockerApi | undefined;
  let ministack: MiniStack | undefined;
  const stop = async () => {
    if (docker && ministack) {
      await docker.removeContainers(ministack.containerLabel)
        .then(() => docker!.removeImages())
        .catch((error) => console.error(`Not all containers and images could be removed: ${error.message}`));
    }
    await stopAll();
    rmSync(folders.run, { recursive: true, force: true });
  };

  await takeOver();
  stopOnEveryEnding(stop);
  try {
    docker = await findContainerEngine();
    ministack = await startMiniStack(docker, functionEndpoint);
  } catch (error) {
    await stop();
    throw error;
  }
  const { endpoint } = ministack;
  Object.assign(process.env, awsEnvironment(endpoint)); // for SDK clients in this process
  return {
    docker,
    endpoint,
    cdk: (args, cwd, colors) => cdk(endpoint, args, cwd, colors),
    bootstrap: () => cdk(endpoint, ['bootstrap', `aws://${ACCOUNT}/${REGION}`]),
    stop,
  };
}
