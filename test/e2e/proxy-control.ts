import type { Call, Fault, Recording } from './proxy/calls';
import { CONTROL_PATH } from './proxy/proxy';

const url = process.env.E2E_PROXY! + CONTROL_PATH;

/** Starts a new recording, with these faults ahead. */
export async function expectFaults(faults: Fault[] = []): Promise<void> {
  await fetch(url, { method: 'PUT', body: JSON.stringify(faults) });
}

/** What the function has called since. Throws what AWS's model says against it. */
export async function recordedCalls(): Promise<Call[]> {
  const { calls, problems } = await (await fetch(url)).json() as Recording;
  if (problems.length > 0) {
    throw new Error(problems.join('\n'));
  }
  return calls;
}

export async function recorded(operation: string): Promise<Call[]> {
  return (await recordedCalls()).filter((call) => call.operation === operation);
}
