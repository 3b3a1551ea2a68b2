import { once } from 'node:events';
import { createServer, IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { put } from '../../../lambda/cloudformation/put';

let server: Server;
let url: string;
let seen: Array<{ request: IncomingMessage; body: string }>;

beforeEach(async () => {
  seen = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) {
      body += chunk;
    }
    seen.push({ request, body });
    response.writeHead(request.url === '/expired' ? 403 : 200).end('more than one reads of it');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => { server.close(); });

test('puts the body as a signature without a content type wants it', async () => {
  expect(await put(`${url}/answer?X-Amz-Signature=abc`, '{"Reason":"café"}')).toBe(200);
  const [{ request, body }] = seen;
  expect(request.method).toBe('PUT');
  expect(request.url).toBe('/answer?X-Amz-Signature=abc');
  expect(request.headers).toMatchObject({ 'content-type': '', 'content-length': '18' });
  expect(request.headers['transfer-encoding']).toBeUndefined(); // S3 refuses chunks
  expect(body).toBe('{"Reason":"café"}');
});

test('gives the status of an answer that was not taken', async () => {
  expect(await put(`${url}/expired`, '{}')).toBe(403);
});

test.each([
  ['nobody listens', 'http://127.0.0.1:1/'],
  ['the other side does not speak TLS', 'https'],
])('throws where %s', async (_, given) => {
  await expect(put(given === 'https' ? url.replace('http:', 'https:') : given, '{}')).rejects.toThrow(/ECONNREFUSED|EPROTO|wrong version number/);
});
