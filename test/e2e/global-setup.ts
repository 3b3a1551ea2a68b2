import { Engine, startEngine } from './engine/engine';
import { makeBusyboxImage } from './engine/images';
import { freePort } from './engine/ministack';
import { AwsProxy } from './proxy/proxy';

export interface Running {
  readonly engine: Engine;
  readonly proxy: AwsProxy;
}

/** Brings up, once for all suites, the local engines and the proxy between the function and them. */
export default async function globalSetup(): Promise<void> {
  console.log('\nSetting up the local engines');
  const port = await freePort();
  const proxyUrl = `http://127.0.0.1:${port}`;
  const engine = await startEngine({ functionEndpoint: proxyUrl });
  try {
    const proxy = new AwsProxy(engine.endpoint);
    await proxy.listen(port);
    const bootstrap = await engine.bootstrap();
    if (bootstrap.status !== 0) {
      throw new Error(bootstrap.output);
    }
    // The suites run in contexts of their own, and see of this one only the environment.
    process.env.E2E_ENDPOINT = engine.endpoint;
    process.env.E2E_PROXY = proxyUrl;
    process.env.E2E_IMAGE = await makeBusyboxImage(engine.docker, 'e2e');
    (globalThis as { running?: Running }).running = { engine, proxy };
  } catch (error) {
    await engine.stop();
    throw error;
  }
}
