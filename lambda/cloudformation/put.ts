import * as http from 'node:http';
import * as https from 'node:https';

/** Sends the body to a pre-signed URL and gives the HTTP status. Not by `fetch`, whose first use costs more than any client of the SDK. */
export function put(url: string, body: string): Promise<number> {
  const { request } = url.startsWith('http:') ? http : https;
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': '', 'content-length': Buffer.byteLength(body) }; // the signature covers an empty content type
    request(url, { method: 'PUT', headers, signal: AbortSignal.timeout(15_000) }, (response) => {
      resolve(response.statusCode!);
      response.destroy(); // the body is not needed, and may never end
    }).on('error', reject).end(body);
  });
}
