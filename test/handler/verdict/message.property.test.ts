import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import * as fc from 'fast-check';
import { answerBody } from '../../../lambda/cloudformation/answer';
import { explain, fit, Line, notStopped, place, printable, size } from '../../../lambda/verdict/message';
import { ALPHANUMERIC, id, text } from '../../support/arbitraries';
import { create } from '../../support/fake-aws';

const RUNS = { numRuns: 300 };

/** The parts of an answer that name the request, as long as AWS allows. */
const requests = fc.record({
  PhysicalResourceId: id(`${ALPHANUMERIC}/-_.:`, 1024),
  StackId: id(`${ALPHANUMERIC}-`, 128).map((name) => `arn:aws-us-gov:cloudformation:us-gov-west-1:111122223333:stack/${name}/6d1a2b30-0000-11f1-9f3e-0a1b2c3d4e5f`),
  RequestId: id(`${ALPHANUMERIC}-`, 128),
  LogicalResourceId: id(ALPHANUMERIC, 255),
});

const taskArn = id(`${ALPHANUMERIC}-_`, 255).map((cluster) => `arn:aws-us-gov:ecs:us-gov-west-1:111122223333:task/${cluster}/0f9c1f8e6f4b4d0c0f9c1f8e6f4b4d0c`);
const logs = fc.record({ group: id(`${ALPHANUMERIC}.-_/#`, 512), stream: id(`${ALPHANUMERIC}.-_/#[$]`, 512) });

const failures = fc.record({ cause: text, awsReason: text, advice: text }, { requiredKeys: ['cause'] });
const evidences = fc.record({ taskArn, log: logs, tail: fc.array(text, { maxLength: 30 }) }, { requiredKeys: [] });

const anyLine: fc.Arbitrary<Line> = fc.record({ kind: fc.constantFrom('cause', 'aws', 'heading', 'log', 'place'), text });

const joined = (lines: readonly Line[]) => lines.map((line) => line.text).join('\n');

function bodyOf({ PhysicalResourceId, ...ids }: Pick<CloudFormationCustomResourceEvent, 'StackId' | 'RequestId' | 'LogicalResourceId'> & { PhysicalResourceId: string }, reason: Line[]): string {
  return answerBody({ ...create(), ...ids }, PhysicalResourceId, { status: 'FAILED', reason });
}

/** The answer to any request about any failure. */
function forAnyAnswer(holds: (body: string, reason: readonly Line[], ids: object) => void): void {
  fc.assert(fc.property(requests, failures, evidences, (ids, failure, evidence) => {
    const reason = explain(failure, evidence);
    holds(bodyOf(ids, reason), reason, ids);
  }), RUNS);
}

test('an answer has at most 4096 bytes, all of them printable ASCII', () => {
  forAnyAnswer((body) => {
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(4096);
    expect(body).toMatch(/^[\x20-\x7e]*$/);
  });
});

test('an answer is JSON that names the request as it was, and nothing else', () => {
  forAnyAnswer((body, _, ids) => {
    expect(JSON.parse(body)).toEqual({ ...ids, Status: 'FAILED', Reason: expect.any(String) });
  });
});

test('a reason has no control characters except line breaks, and no half characters', () => {
  forAnyAnswer((body) => {
    const { Reason } = JSON.parse(body);
    expect(Reason).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]*(\n[^\p{Cc}\p{Zl}\p{Zp}]*)*$/u);
    expect(Reason.isWellFormed()).toBe(true);
  });
});

test('a reason begins with the cause', () => {
  forAnyAnswer((body, [cause]) => {
    const beginning = [...printable(cause.text)].slice(0, 20).join('');
    expect(JSON.parse(body).Reason.slice(0, beginning.length)).toBe(beginning);
  });
});

test('a reason ends with the places to look', () => {
  fc.assert(fc.property(requests, failures, evidences, (ids, failure, evidence) => {
    const places = explain({ cause: '' }, { ...evidence, tail: [] }).slice(1).concat(place('CloudWatch Log Stream: 2026/01/01/[$LATEST]abc'));
    const { Reason } = JSON.parse(bodyOf(ids, [...explain(failure, evidence), places.at(-1)!]));
    expect(`\n${Reason}`.slice(-1 - joined(places).length)).toBe(`\n${joined(places)}`);
  }), RUNS);
});

test('a reason ends with the tasks that may still run', () => {
  fc.assert(fc.property(requests, failures, fc.array(taskArn, { minLength: 1, maxLength: 3 }), (ids, failure, stillRunning) => {
    const left = notStopped({ stillRunning });
    const { Reason } = JSON.parse(bodyOf(ids, [...explain(failure), ...left]));
    expect(Reason.slice(-joined(left).length)).toBe(joined(left));
  }), RUNS);
});

test('lines that fit are joined unchanged, and lines that do not fit are cut to the limit', () => {
  fc.assert(fc.property(fc.array(anyLine), fc.integer({ min: 10, max: 5_000 }), (lines, bytes) => {
    const all = printable(joined(lines));
    const fitted = fit(lines, bytes);
    expect(size(fitted)).toBeLessThanOrEqual(bytes);
    expect(size(all) <= bytes).toBe(fitted === all);
  }), RUNS);
});

test('a number is not cut in two, which would make it another one', () => {
  const line = place('container "app" exited with code 143; '.repeat(20));
  for (let bytes = 50; bytes < size(line.text); bytes++) {
    expect([...new Set(fit([line], bytes).match(/(?<=code )\d+/g))]).toEqual(['143']);
  }
});

test('a long line of digits is cut like any other', () => {
  expect(fit([place('7'.repeat(5_000))], 1_000)).toMatch(/^7{990,} \[cut\]$/);
});

test('printable text stays unchanged', () => {
  fc.assert(fc.property(fc.oneof(text, fc.string({ unit: fc.constantFrom('\u001b', '\u009b', '[', '0', 'm', '\t', '\n', '\ud83d', 'x') })), (any) => {
    expect(printable(printable(any))).toBe(printable(any));
    expect(printable(any.replace(/[^ -~]/g, ''))).toBe(any.replace(/[^ -~]/g, ''));
  }), RUNS);
});
