import { DockerApi } from './docker-api';
import { startPodman } from './podman';

/** A Docker engine, where one answers; else a Podman of our own. */
export async function findContainerEngine(): Promise<DockerApi> {
  const docker = new DockerApi(process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock');
  if (await docker.answers()) {
    return docker;
  }
  if (process.env.DOCKER_HOST) {
    throw new Error(`No Docker engine answers at ${docker.host} (DOCKER_HOST).`);
  }
  return startPodman();
}
