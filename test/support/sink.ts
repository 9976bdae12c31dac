/**
 * An OTLP/HTTP receiver on loopback that remembers the spans it was sent: JSON or protobuf, plain, gzip or zstd.
 *
 * @example
 * const sink = await startSink();
 * spawn(process.execPath, ['--require', preload, 'app.js'], { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url } });
 * const [span] = await sink.wait(1);
 * await sink.stop();
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { decodeJson } from './sink/json.ts';
import { decodeProtobuf } from './sink/protobuf.ts';
import type { SinkSpan } from './sink/span.ts';

export type { SinkSpan } from './sink/span.ts';

export interface SinkRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly encoding: 'protobuf' | 'json';
  /** As it was before compression. */
  readonly body: Uint8Array;
}

export interface SinkOptions {
  /** Any, unless it is said. */
  readonly port?: number;
  /** What the nth request (from 1) is answered with; 200 without. Only spans of requests answered with 200 are kept. */
  readonly answer?: (
    n: number,
    request: SinkRequest,
  ) => { status?: number; headers?: Readonly<Record<string, string>>; delayMs?: number };
}

export interface Sink {
  /** Without `/v1/traces`. */
  readonly url: string;
  readonly spans: readonly SinkSpan[];
  readonly requests: readonly SinkRequest[];
  /** The spans, once there are so many; rejects with the names of those that came when it takes longer (10 s). */
  wait(count: number, timeoutMs?: number): Promise<readonly SinkSpan[]>;
  stop(): Promise<void>;
}

export async function startSink(options: SinkOptions = {}): Promise<Sink> {
  const spans: SinkSpan[] = [];
  const requests: SinkRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const sent = Buffer.concat(chunks);
      const { headers, url: path = '/' } = request;
      const coding = headers['content-encoding'];
      const body = coding === 'gzip' ? gunzipSync(sent) : coding === 'zstd' ? zstdDecompressSync(sent) : sent;
      const encoding = headers['content-type']?.includes('json') === true ? 'json' : 'protobuf';
      const {
        status = 200,
        headers: extra = {},
        delayMs = 0,
      } = options.answer?.(requests.length + 1, { path, headers, encoding, body }) ?? {};
      requests.push({ path, headers, encoding, body });
      if (status === 200 && path.endsWith('/v1/traces'))
        spans.push(...(encoding === 'json' ? decodeJson(body.toString()) : decodeProtobuf(body)));
      setTimeout(() => {
        response.writeHead(status, { 'content-type': headers['content-type'] ?? 'application/json', ...extra });
        response.end(encoding === 'json' ? '{}' : '');
      }, delayMs);
    });
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    wait: async (count, timeoutMs = 10_000) => {
      for (const until = Date.now() + timeoutMs; spans.length < count; await sleep(5))
        if (Date.now() > until)
          throw new Error(`${spans.length} of ${count} spans came: ${spans.map(({ name }) => name).join(', ')}`);
      return spans;
    },
    stop: async () => {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
