import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { appFile, preload, runApp } from '../instrumentation/run-app.ts';

const calls = 100_000;

test(
  'the heap is flat over 100,000 calls of which a tenth are left, and each of them is told',
  { timeout: 400_000 },
  async () => {
    let [spans, incomplete] = [0, 0];
    const sink = createServer((request, response) => {
      void buffer(request).then((bytes) => {
        const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
        spans += body.split('"gen_ai.operation.name"').length - 1;
        incomplete += body.split('{"stringValue":"incomplete"}').length - 1;
        return response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    sink.listen(0, '127.0.0.1');
    await once(sink, 'listening');
    const { code, stdout, stderr } = await runApp({
      app: appFile('leak.mjs'),
      args: [String(calls)],
      flags: ['--expose-gc', '--require', preload],
      endpoint: `http://127.0.0.1:${(sink.address() as AddressInfo).port}`,
      env: { OTEL_BSP_SCHEDULE_DELAY: '100' },
    });
    sink.close();
    sink.closeAllConnections();
    expect(code, stderr).toBe(0);
    const heap = JSON.parse(stdout) as readonly number[];
    const megabytes = heap.map((bytes) => (bytes / 1e6).toFixed(1));
    process.stdout.write(`heap after each tenth of ${calls} calls: ${megabytes.join(', ')} MB\n`);
    // The first tenth fills what is kept for good: the exporter, the tokenizer's answers, compiled code.
    const [, second = 0, ...later] = heap;
    expect(Math.max(...later)).toBeLessThan(second + 4e6);
    expect({ spans, incomplete }).toEqual({ spans: calls, incomplete: calls / 10 });
  },
);
