import { subscribe } from 'node:diagnostics_channel';

/** A new process, like that of Lambda: loads a bundle, sends it a request, and prints how long each step took. */
const now = () => Number(process.hrtime.bigint()) / 1e6;
const print = console.log;
console.log = () => undefined;

let firstAnswer = 0;
subscribe('http.client.response.finish', () => { firstAnswer ||= now(); });

const begin = now();
// eslint-disable-next-line @typescript-eslint/no-require-imports -- as Lambda's runtime does
const { handler } = require(process.argv[2]);
const loaded = now();
handler(JSON.parse(process.env.EVENT!), { invokedFunctionArn: 'arn', logStreamName: 'stream', getRemainingTimeInMillis: () => 900_000 }).then(() => {
  const answered = now();
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  print(JSON.stringify({
    load: loaded - begin, firstCall: firstAnswer - begin, answer: answered - begin, cpu: (userCPUTime + systemCPUTime) / 1_000, memory: maxRSS / 1024,
  }));
  process.exit();
});
