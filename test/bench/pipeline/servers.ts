/**
 * The servers that are compared: `node servers.ts spliced|protobufjs|proxy BACKEND FOLDER`. The first two are one server, with
 * ledger, rollups and forwarding, and differ in how requests are read and written. Each says its port, and at SIGTERM what its
 * event loop was held up by at most.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pino } from 'pino';
import { loadPriceBook } from '../../../pricing/index.ts';
import { accessBy } from '../../../processor/access.ts';
import { startExporters } from '../../../processor/exporters/index.ts';
import { poster } from '../../../processor/exporters/post.ts';
import { createIngest } from '../../../processor/ingest.ts';
import { createCounters } from '../../../processor/metrics.ts';
import { createSpendMetrics } from '../../../processor/metrics/spend.ts';
import { traceReader, type TraceReader } from '../../../processor/otlp/index.ts';
import { startOtlpHttp } from '../../../processor/receivers/otlp-http.ts';
import { createCommit } from '../../../processor/stages/commit.ts';
import { interest } from '../../../processor/stages/interest.ts';
import { createSettling } from '../../../processor/stages/settling.ts';
import { openSqliteLedger } from '../../../processor/stores/sqlite.ts';
import { protobufjsReader } from './protobufjs-reader.ts';

const [side = '', backend = '', folder = ''] = process.argv.slice(2);
const stall = monitorEventLoopDelay({ resolution: 5 });
const stop =
  side === 'proxy'
    ? await startProxy()
    : await startServer(side === 'spliced' ? traceReader(interest) : protobufjsReader);
process.on('SIGUSR2', () => {
  stall.reset();
  stall.enable();
});
process.once('SIGTERM', () => {
  console.log(JSON.stringify({ stallMs: stall.max / 1e6 }));
  void stop();
});

async function startServer(read: TraceReader): Promise<() => Promise<void>> {
  const counters = createCounters();
  const prices = loadPriceBook();
  const ledger = await openSqliteLedger({ path: join(folder, 'spanledger.db') });
  const spend = createSpendMetrics({ ledger, counters });
  await spend.start();
  const log = pino({ level: 'silent' });
  const targets = [{ name: 'backend', endpoint: backend, headers: {} }];
  const exporter = await startExporters({
    targets,
    directory: join(folder, 'spool'),
    plain: ({ body }) => body,
    counters,
    log,
  });
  const settling = createSettling({ ledger, prices, counters, observe: () => undefined });
  const observers = [spend.observe.bind(spend)];
  const ingest = createIngest({ prices, commit: createCommit(ledger), settling, exporter, observers, counters });
  const receiver = await startOtlpHttp({
    address: { host: '127.0.0.1', port: 0 },
    access: accessBy([], true),
    counters,
    onError: (error) => console.error(error),
    intake: {
      traces: async (body, encoding) => ingest(read(body, encoding)),
      logs: async () => ({}),
      metrics: async () => ({}),
    },
  });
  console.log(receiver.url);
  return async () => {
    await receiver.stop();
    await exporter.stop();
    await ledger.close();
  };
}

/** Reads a request and sends it on. */
async function startProxy(): Promise<() => Promise<void>> {
  const next = poster(`${backend}/v1/traces`);
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = { 'content-type': request.headers['content-type'] ?? '' };
    const { status, body } = await next.post(Buffer.concat(chunks), headers, { timeoutMs: 10_000 });
    response.writeHead(status, { 'content-type': headers['content-type'] }).end(body);
  };
  const server = createServer((request, response) => void pass(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    next.close();
    server.closeAllConnections();
    server.close();
  };
}
