import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { provider } from './alternatives/provider';
import { Ground, Way } from './app';
import { ours } from './ours';
import { LOCAL } from './setup';
import { median, Table } from './table';
import { NotAvailable } from '../test/e2e/engine/containers';
import { Engine, startEngine } from '../test/e2e/engine/engine';
import { makeBusyboxImage } from '../test/e2e/engine/images';

const WAYS: ReadonlyArray<readonly [name: string, id: string, way: Way]> = [['ours', 'Ours', ours], ['(a) `Provider`', 'Framework', provider]];

/** First deployments with the real CLI, of a stack whose task takes three seconds, on the local engines of the end-to-end tests. */
export async function deploy(rounds: number): Promise<Table> {
  const title = 'A first deployment on a local engine';
  const head = ['', 'seconds', 'ratio'];
  let engine: Engine | undefined;
  try {
    engine = await startEngine();
    const took = await measure(engine, rounds);
    const ratios = took.get('Ours')!.map((seconds, round) => seconds / took.get('Framework')![round]);
    return {
      title,
      text: `\`cdk deploy\` of the app with one task that takes three seconds, the medians of ${rounds} alternating rounds, on MiniStack with real containers. A local engine creates `
        + 'resources immediately and has no network interface to remove, so this measures only the function. AWS takes seconds for each link of the critical path.',
      head,
      rows: WAYS.map(([name, id]) => [name, median(took.get(id)!).toFixed(1), (id === 'Ours' ? median(ratios) : 1).toFixed(2)]),
      bars: [{ what: 'seconds, against (a) in the same round', is: median(ratios), atMost: 1 }],
    };
  } catch (error) {
    if (error instanceof NotAvailable) {
      return { title, text: `Not measured on this machine. ${error.inShort}`, head, rows: [] };
    }
    console.error(error); // left out of the report, because it can contain paths of this machine
    process.exitCode = 1;
    return { title, text: 'Not measured: a deployment failed.', head, rows: [] };
  } finally {
    await engine?.stop();
  }
}

async function measure(engine: Engine, rounds: number): Promise<Map<string, number[]>> {
  await succeed(engine.bootstrap());
  const image = await makeBusyboxImage(engine.docker, 'bench');
  const took = new Map<string, number[]>(WAYS.map(([, id]) => [id, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [, id, way] of round % 2 === 0 ? WAYS : [...WAYS].reverse()) {
      const app = new App({ outdir: join(LOCAL, 'cdk.out', id), analyticsReporting: false });
      way(new Ground(app, id, image, ['sleep', '3']))('Run');
      app.synth();
      took.get(id)!.push(await succeed(engine.cdk(['deploy', '--app', app.outdir, '--require-approval', 'never'])));
      await succeed(engine.cdk(['destroy', '--app', app.outdir, '--force']));
    }
  }
  return took;
}

async function succeed(call: ReturnType<Engine['cdk']>): Promise<number> {
  const { status, output, seconds } = await call;
  if (status !== 0) {
    throw new Error(output);
  }
  return seconds;
}
