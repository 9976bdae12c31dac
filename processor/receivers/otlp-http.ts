import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Access } from '../access.ts';
import { listen, type Address } from '../address.ts';
import type { Counters } from '../metrics.ts';
import { contentTypes, exportResponse, statusBody, type Encoding } from '../otlp/index.ts';
import { inflate, readBody } from './body.ts';
import type { Intake } from './intake.ts';
import { codingOf, encodingOf, refusedByHead } from './head.ts';
import { sharedMemory } from './memory.ts';
import { refusalFor, type Refusal } from './refusal.ts';

export interface OtlpHttpOptions {
  readonly address: Address;
  readonly intake: Intake;
  /** Who may send. */
  readonly access: Access;
  readonly counters: Pick<Counters, 'add'>;
  /** Called with what made a request fail though it was sound. */
  readonly onError: (error: unknown) => void;
  /** Bytes of one request, before and after decompression. OTLP recommends 64 MiB. */
  readonly maxBody?: number;
  /** Bytes of all requests at once; beyond it the sender is asked to come again. */
  readonly maxInFlight?: number;
}

export interface Receiver {
  readonly url: string;
  /** Takes no new connections, answers what has begun, and closes. May be called any number of times. */
  stop(): Promise<void>;
}

const MEBIBYTE = 1 << 20;
const LINGER_MS = 2_000;

/**
 * OTLP/HTTP: POST /v1/traces in protobuf or JSON, plain or gzip. Every error is a google.rpc.Status in the encoding of the
 * request.
 *
 * @example const receiver = await startOtlpHttp({ address: parseAddress(':4318'), intake, access, counters, onError })
 */
export async function startOtlpHttp(options: OtlpHttpOptions): Promise<Receiver> {
  const { intake, access, counters, onError, maxBody = 64 * MEBIBYTE, maxInFlight = 256 * MEBIBYTE } = options;
  const lend = sharedMemory(maxInFlight);
  let stopping = false;

  async function receive(request: IncomingMessage, encoding: Encoding): Promise<Uint8Array | Refusal> {
    const refused = refusedByHead(request, access);
    if (refused !== undefined) return refused;
    const lease = lend();
    try {
      const raw = await readBody(request, maxBody, lease);
      const body = codingOf(request) === 'gzip' ? await inflate(raw, maxBody) : raw;
      if (body !== raw) lease.grow(body.length);
      const { warning } = await intake.traces(body, encoding);
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
      response.writeHead(200, { 'content-length': result.length }).end(result);
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
    response.writeHead(result.http, { ...result.headers, 'content-length': body.length }).end(body);
  }

  const server = createServer({ requestTimeout: 120_000, keepAliveTimeout: 65_000 }, (request, response) => {
    request.on('error', () => undefined);
    answer(request, response).catch((error: unknown) => {
      onError(error);
      response.destroy();
    });
  });
  const listening = await listen(server, options.address, 'OTLP');
  return {
    url: listening.url,
    stop: () => {
      stopping = true;
      return listening.close();
    },
  };
}
