import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Bundle, makeBundles } from './bundles';
import { LOCAL, nodeOfTheRuntime, packed, run } from './setup';
import { median, Table } from './table';
import { create } from '../test/support/fake-aws';

interface Start { readonly load: number; readonly firstCall: number; readonly answer: number; readonly cpu: number; readonly memory: number }

/** Cold start: how long the function takes to start, and the size of its bundle. */
export async function coldStart(rounds: number): Promise<Table[]> {
  const { ours, runtime, defaults, steps, dropped } = await makeBundles();
  const bundles = [runtime, defaults, ...steps, ours, ...dropped];
  const starts = await measure(bundles, rounds);
  const typical = (bundle: Bundle, part: keyof Start) => median(starts.get(bundle)!.map((start) => start[part]));
  /** The ratio to the start in the same round, which other processes of the machine slowed down equally. */
  const ratio = (one: Bundle, other: Bundle) =>
    median(starts.get(one)!.map(({ firstCall }, round) => firstCall / starts.get(other)![round].firstCall));
  const bytes = ({ file }: Bundle) => statSync(file).size;
  return [{
    title: 'Cold start',
    text: `Milliseconds in fresh processes of the Node.js of the runtime, the medians of ${rounds} alternating rounds: until the bundle is loaded, until its first call of `
      + 'AWS has returned, and until CloudFormation has received the answer, for a task that has ended before the first poll (six calls, to loopback). CPU is the processor time of the whole process. With 256 MB, Lambda gives a '
      + 'function a seventh of a CPU. The ratio is that of the first calls, of starts in the same round.',
    head: ['bundle', 'kB', 'load', 'first call', 'answer', 'CPU', 'peak MB', 'ratio'],
    rows: bundles.map((bundle) => [
      bundle.name, Math.round(bytes(bundle) / 1_000),
      ...(['load', 'firstCall', 'answer', 'cpu', 'memory'] as const).map((part) => Math.round(typical(bundle, part))),
      ratio(bundle, defaults).toFixed(2),
    ]),
    bars: [
      { what: 'first call, against esbuild\'s defaults', is: ratio(ours, defaults), atMost: 0.6 },
      { what: 'first call, against the SDK of the runtime', is: ratio(ours, runtime), atMost: 1 },
    ],
    notes: [
      'What the options remove: the search for credentials in files, metadata services and sign-ins; `import(\'node:http\')`, which makes Node.js load all of `fetch`; '
      + 'the wrappers of modules that a dynamic import keeps apart; and what esbuild keeps of the SDK in case its computed keys have side effects.',
      'Dropped: our own client of Lambda for its one call. The row shows how much it could save at most. The client would have to sign requests, find endpoints and propagate the header with which Lambda detects loops.',
      'Dropped: `fetch` for the answer, which loads what `node:https` does not need.',
      'Dropped: a second minifier that removes error classes which the handler never uses, and a bundle without event streams. Both depend on internal names of the SDK and of '
      + 'esbuild, and save less than 20 ms of a start.',
      'Dropped: the compile cache of Node.js. It works only with one exact version of Node.js, which Lambda chooses.',
    ],
  }, {
    title: 'Size',
    text: 'Bytes of the function, with all its clients, and of the package.',
    head: ['', 'bytes', 'gzipped'],
    rows: [
      ['the bundle of the function', ...sizes(ours.file)],
      ['the same, with esbuild\'s defaults', ...sizes(defaults.file)],
      ['(a): the two functions of its own, with esbuild\'s defaults', ...sizes(join(LOCAL, 'handlers/index.js'))],
      ['the package', '', statSync(packed()).size.toLocaleString('en')],
    ],
    bars: [{ what: 'kB of the bundle', is: bytes(ours) / 1_000, atMost: 400 }],
  }];
}

function sizes(file: string): string[] {
  return [statSync(file).size, gzipSync(readFileSync(file)).length].map((size) => size.toLocaleString('en'));
}

async function measure(bundles: readonly Bundle[], rounds: number): Promise<Map<Bundle, Start[]>> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) {
      body += chunk;
    }
    const call = String(request.headers['x-amz-target'] ?? new URLSearchParams(body).get('Action')).split('.').pop()!;
    response.end(ANSWERS[call] ?? '');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    AWS_ENDPOINT_URL: url,
    EVENT: JSON.stringify({ ...create(), ResponseURL: `${url}/answer` }),
  };
  const starts = new Map<Bundle, Start[]>(bundles.map((bundle) => [bundle, []]));
  for (let round = -1; round < rounds; round++) { // the first start only warms the disk cache
    for (const bundle of bundles) {
      const { output } = await run(nodeOfTheRuntime(), [join(LOCAL, 'cold-start.js'), bundle.file], env);
      if (round >= 0) {
        starts.get(bundle)!.push(output);
      }
    }
  }
  server.close();
  return starts;
}

const TASK = { taskArn: 'arn:aws:ecs:eu-west-1:111122223333:task/shop/1' };
const ANSWERS: { readonly [call: string]: string } = {
  DescribeStacks: '<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackStatus>CREATE_IN_PROGRESS</StackStatus></member></Stacks></DescribeStacksResult></DescribeStacksResponse>',
  RunTask: JSON.stringify({ tasks: [TASK], failures: [] }),
  DescribeTasks: JSON.stringify({ tasks: [{ ...TASK, lastStatus: 'STOPPED', stopCode: 'EssentialContainerExited', containers: [{ name: 'app', exitCode: 0 }] }] }),
};
