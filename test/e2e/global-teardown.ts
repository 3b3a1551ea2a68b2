import type { Running } from './global-setup';

export default async function globalTeardown(): Promise<void> {
  const { running } = globalThis as { running?: Running };
  running?.proxy.close();
  await running?.engine.stop();
}
