import { withoutNulls } from '../../lambda/without-nulls';

test('null in the lists of a response is left out, and everything else stays', async () => {
  const createdAt = new Date(0);
  const send = async () => ({ tasks: [null, { createdAt, containers: [{ exitCode: 0 }, null] }], failures: [null], nextToken: undefined });
  expect(await withoutNulls({ send }).send()).toEqual({ tasks: [{ createdAt, containers: [{ exitCode: 0 }] }], failures: [] });
});
