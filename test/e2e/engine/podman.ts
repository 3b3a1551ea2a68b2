import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerApi } from './docker-api';
import { folders, socketPath } from './folders';
import { needPackages } from './packages';
import { launch, untilReady } from './processes';

// runc and cgroupfs, because crun refuses cgroups of both versions side by side, as some machines have them.
const CONTAINERS_CONF = `
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
[network]
network_backend = "cni"
network_config_dir = "/run/cni"
cni_plugin_dirs = ["/usr/lib/cni"]
`;

const STORAGE_CONF = `
[storage]
driver = "vfs"
graphroot = "${join(folders.run, 'podman')}"
runroot = "/run/containers/storage"
`;

const NETWORK = {
  cniVersion: '0.4.0',
  name: 'podman',
  plugins: [{
    type: 'bridge',
    bridge: 'cni-podman0',
    isGateway: true,
    ipMasq: false, // the containers reach each other and nothing else
    ipam: {
      type: 'host-local',
      dataDir: '/run/cni-addresses',
      routes: [{ dst: '0.0.0.0/0' }],
      ranges: [[{ subnet: '10.88.0.0/16', gateway: '10.88.0.1' }]],
    },
  }],
};

/**
 * Podman in namespaces of its own: it touches neither the machine's network nor another Podman's state, and the kernel
 * ends all its containers with it.
 */
export async function startPodman(): Promise<DockerApi> {
  if (process.getuid?.() !== 0) {
    const script = process.env.npm_lifecycle_event ?? 'demo';
    throw new Error(`No Docker engine answers. Start one, or type this, which takes Podman instead:\n\n  sudo --preserve-env=PATH npm run ${script}\n`);
  }
  needPackages('No Docker engine answers, and Podman in its place',
    ['podman', 'runc', 'conmon', 'containernetworking-plugins', 'iproute2']);

  writeFileSync(join(folders.run, 'containers.conf'), CONTAINERS_CONF);
  writeFileSync(join(folders.run, 'storage.conf'), STORAGE_CONF);
  writeFileSync(join(folders.run, 'network.conflist'), JSON.stringify(NETWORK));
  const podman = new DockerApi(`unix://${socketPath('podman.sock')}`);
  const service = launch({
    name: 'podman',
    command: 'unshare',
    args: ['--mount', '--net', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc', 'sh', '-c', `
      mount -t tmpfs tmpfs /run && mount -t tmpfs -o mode=1777 tmpfs /dev/shm &&
      mkdir /run/cni && cp network.conflist /run/cni && ip link set lo up || exit 1
      podman system service --time=0 "$1" & wait`, 'sh', podman.host],
    cwd: folders.run,
    env: {
      PATH: process.env.PATH,
      HOME: folders.run,
      CONTAINERS_CONF: join(folders.run, 'containers.conf'),
      CONTAINERS_STORAGE_CONF: join(folders.run, 'storage.conf'),
    },
    stopSignal: 'SIGKILL', // unshare passes no other signal on; its death ends the namespace
  });
  await untilReady('podman', service, () => podman.answers());
  return podman;
}
