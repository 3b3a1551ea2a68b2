import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { DockerApi } from './docker-api';
import { startPodman } from './podman';

/** What the engine is made of is not on this machine, and can't be installed or may not run here. */
export class NotAvailable extends Error {
  constructor({ message }: Error, readonly inShort: string) {
    super(message);
  }
}

/** A Docker engine, where one answers; else a Podman of our own. */
export async function findContainerEngine(): Promise<DockerApi> {
  const docker = new DockerApi(process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock');
  if (await docker.answers()) {
    return docker;
  }
  if (process.env.DOCKER_HOST) {
    throw new Error(`No Docker engine answers at ${docker.host} (DOCKER_HOST).`);
  }
  return startPodman().catch((error) => {
    throw mayRunPodman() ? error : new NotAvailable(error,
      'There is no container engine here: start Docker, or run this as root on Debian itself, where it installs Podman.');
  });
}

/** Not for everybody, not where it could not be installed, and not in a container that has been denied its namespaces. */
function mayRunPodman(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/podman')
    && spawnSync('unshare', ['--mount', '--net', '--pid', '--fork', '--mount-proc', 'true']).status === 0;
}
