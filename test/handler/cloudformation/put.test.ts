import { once } from 'node:events';
import { createServer, IncomingMessage, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
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
    if (request.url === '/endless') {
      response.writeHead(200).write('the first bytes of many');
      return;
    }
    response.writeHead(request.url === '/expired' ? 403 : 200).end('a body that the function does not read');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => { server.close(); });

describe('the PUT request of the answer', () => {
  test('sends the body with an empty content type, as the signature requires, and a content length', async () => {
    expect(await put(`${url}/answer?X-Amz-Signature=abc`, '{"Reason":"café"}')).toBe(200);
    const [{ request, body }] = seen;
    expect(request.method).toBe('PUT');
    expect(request.url).toBe('/answer?X-Amz-Signature=abc');
    expect(request.headers).toMatchObject({ 'content-type': '', 'content-length': '18' });
    expect(request.headers['transfer-encoding']).toBeUndefined(); // S3 rejects chunks
    expect(body).toBe('{"Reason":"café"}');
  });

  test('returns the HTTP status of a rejected answer', async () => {
    expect(await put(`${url}/expired`, '{}')).toBe(403);
  });

  test('returns the status of an answer with an endless body, and hangs up', async () => {
    const connection = once(server, 'connection');
    expect(await put(`${url}/endless`, '{}')).toBe(200);
    const [socket] = await connection as [Socket];
    await (socket.closed || once(socket, 'close'));
    expect(socket.closed).toBe(true);
  });

  test.each([
    ['no server listens', 'http://127.0.0.1:1/'],
    ['the server does not speak TLS', 'https'],
  ])('throws when %s', async (_, given) => {
    await expect(put(given === 'https' ? url.replace('http:', 'https:') : given, '{}')).rejects.toThrow(/ECONNREFUSED|EPROTO|wrong version number/);
  });
});
