/** Takes OTLP/JSON as a collector would, in a process of its own, and says how many spans it was given: `GET /`. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

interface Request {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly unknown[] }[] }[];
}

let spans = 0;
const server = createServer((request, response) => {
  if (request.method === 'GET') response.end(String(spans));
  else void take(request, response);
});

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { resourceSpans } = JSON.parse(gunzipSync(await buffer(request)).toString()) as Request;
  for (const { scopeSpans } of resourceSpans) for (const each of scopeSpans) spans += each.spans.length;
  response.setHeader('content-type', 'application/json');
  response.end('{}');
}

server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
