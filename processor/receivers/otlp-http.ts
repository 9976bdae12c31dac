import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { gzipSync } from 'node:zlib';
import { listen } from '../address.ts';
import { contentTypes, exportResponse, statusBody, type Encoding } from '../otlp/index.ts';
import { readBody } from './body.ts';
import { decompress } from './decompress.ts';
import { codingOf, encodingOf, refusedByHead, signalOf } from './head.ts';
import { MAX_BODY, MAX_IN_FLIGHT, sharedMemory } from './memory.ts';
import { refusalFor, type Refusal } from './refusal.ts';
import type { Receiver, ReceiverOptions } from './receiver.ts';
import { httpsOptions } from './tls.ts';

const GZIP_FROM = 1_024;
const LINGER_MS = 2_000;

/**
 * OTLP/HTTP: POST /v1/traces, /v1/logs and /v1/metrics in protobuf or JSON, plain, gzip or zstd. Every error is a
 * google.rpc.Status in the encoding of the request.
 *
 * @example const receiver = await startOtlpHttp({ address: parseAddress(':4318'), intake, access, counters, onError })
 */
export async function startOtlpHttp(options: ReceiverOptions): Promise<Receiver> {
  const { intake, access, counters, onError, maxBody = MAX_BODY, lend = sharedMemory(MAX_IN_FLIGHT) } = options;
  let stopping = false;

  async function receive(request: IncomingMessage, encoding: Encoding): Promise<Uint8Array | Refusal> {
    const refused = refusedByHead(request, access);
    const coding = codingOf(request);
    const signal = signalOf(request);
    if (refused !== undefined || coding === undefined || signal === undefined) return refused ?? refusalFor(undefined);
    const lease = lend();
    try {
      const raw = await readBody(request, maxBody, lease);
      const body = coding === 'identity' ? raw : await decompress(raw, coding, maxBody);
      if (body !== raw) lease.grow(body.length);
      const { warning } = await intake[signal](body, encoding);
      return exportResponse(encoding, warning);
    } catch (error) {
      const refusal = refusalFor(error);
      if (refusal.http === 503) onError(error);
      return refusal;
    } finally {
      lease.release();
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const encoding = encodingOf(request) ?? 'json';
    const result = await receive(request, encoding);
    if (stopping) response.setHeader('connection', 'close');
    response.setHeader('content-type', contentTypes[encoding]);
    if (result instanceof Uint8Array) {
      send(request, response, 200, result);
      return;
    }
    counters.add('refused_requests', 1, result.code);
    // A body that is refused unread would keep the connection busy: it is let run out for a moment, so that the sender
    // gets to read the answer, and then cut.
    if (!request.complete) {
      response.setHeader('connection', 'close');
      request.resume();
      const cut = setTimeout(() => request.destroy(), LINGER_MS);
      request.once('close', () => clearTimeout(cut));
    }
    const body = statusBody(encoding, result.status);
    for (const [name, value] of Object.entries(headersOf(result))) response.setHeader(name, value);
    send(request, response, result.http, body);
  }

  const take = (request: IncomingMessage, response: ServerResponse): void => {
    request.on('error', () => undefined);
    answer(request, response).catch((error: unknown) => {
      onError(error);
      response.destroy();
    });
  };
  const limits = { requestTimeout: 120_000, keepAliveTimeout: 65_000 };
  const server =
    options.tls === undefined
      ? createServer(limits, take)
      : createTlsServer({ ...limits, ...httpsOptions(options.tls) }, take);
  const listening = await listen(server, options.address, 'OTLP');
  return {
    url: listening.url,
    stop: () => {
      stopping = true;
      return listening.close();
    },
  };
}

function headersOf({ headers = {}, status: { retrySeconds } }: Refusal): Readonly<Record<string, string>> {
  return retrySeconds === undefined ? headers : { ...headers, 'retry-after': String(retrySeconds) };
}

/** Most answers are a few bytes, and gzip would make them longer. */
function send({ headers }: IncomingMessage, response: ServerResponse, status: number, body: Uint8Array): void {
  const isWanted = /\bgzip\b(?!\s*;\s*q=0(?:\.0+)?\s*(?:,|$))/i.test(headers['accept-encoding'] ?? '');
  const packed = body.length >= GZIP_FROM && isWanted ? gzipSync(body) : undefined;
  if (packed !== undefined) response.setHeader('content-encoding', 'gzip');
  response.writeHead(status, { 'content-length': (packed ?? body).length }).end(packed ?? body);
}
