/** Takes OTLP/JSON as a collector would, in a process of its own, and says how many spans it was given: `GET /`. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

interface Request {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly unknown[] }[] }[];
}

let spans = 0;
const server = createServer((request, response) => {
  if (request.method === 'GET') return void response.end(String(spans));
  void buffer(request).then((body) => {
    const { resourceSpans } = JSON.parse(gunzipSync(body).toString()) as Request;
    for (const { scopeSpans } of resourceSpans) for (const each of scopeSpans) spans += each.spans.length;
    response.setHeader('content-type', 'application/json');
    response.end('{}');
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
