import { existsSync } from 'node:fs';
import { request } from 'node:http';
import type { Readable } from 'node:stream';

/** The few calls to a container engine that MiniStack does not make itself. Docker and Podman answer them alike. */
export class DockerApi {
  private readonly imported: string[] = [];

  /** @param host as in DOCKER_HOST: `unix:///path` or `tcp://host:port` */
  constructor(readonly host: string) {}

  async answers(): Promise<boolean> {
    if (this.host.startsWith('unix://') && !existsSync(this.host.slice('unix://'.length))) {
      return false;
    }
    return this.call('GET', '/_ping').then(() => true, () => false);
  }

  async version(): Promise<string> {
    const { Version, Components = [] } = JSON.parse(await this.call('GET', '/version'));
    return `${Components[0]?.Name ?? 'Docker'} ${Version}`;
  }

  /** Makes an image from a tar stream of its files. */
  async importImage(name: string, tag: string, command: string[], files: Readable): Promise<void> {
    const query = new URLSearchParams({ fromSrc: '-', repo: name, changes: `CMD ${JSON.stringify(command)}` });
    const answer = await this.call('POST', `/images/create?${query}`, files);
    const { status: id } = JSON.parse(answer.trim().split('\n').at(-1)!);
    await this.call('POST', `/images/${encodeURIComponent(id)}/tag?${new URLSearchParams({ repo: name, tag })}`);
    this.imported.push(id);
  }

  /** Removes the images that were made here. */
  async removeImages(): Promise<void> {
    await Promise.all(this.imported.map((id) => this.call('DELETE', `/images/${encodeURIComponent(id)}?force=true`)));
  }

  /** Ends and removes the containers that carry a label. */
  async removeContainers(label: string): Promise<void> {
    const filters = JSON.stringify({ label: [label] });
    const containers = JSON.parse(await this.call('GET', `/containers/json?${new URLSearchParams({ all: 'true', filters })}`));
    await Promise.all(containers.map(({ Id }: { Id: string }) =>
      this.call('DELETE', `/containers/${Id}?force=true&v=true`).catch(() => undefined))); // its engine removes it too
  }

  private call(method: string, path: string, body?: Readable): Promise<string> {
    const where = this.host.startsWith('unix://')
      ? { socketPath: this.host.slice('unix://'.length) }
      : { hostname: new URL(this.host).hostname, port: new URL(this.host).port };
    return new Promise((resolve, reject) => {
      const headers = body && { 'content-type': 'application/x-tar' };
      const call = request({ ...where, method, path: `/v1.40${path}`, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('end', () =>
          response.statusCode! < 300 ? resolve(text) : reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`)));
      });
      call.on('error', reject);
      if (body) {
        body.on('error', reject).pipe(call);
        return;
      }
      call.end();
    });
  }
}
