import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Access } from '../access.ts';
import { listen, type Address } from '../address.ts';
import { HOP_HEADER } from '../hop.ts';
import {
  contentTypes,
  exportResponse,
  readTraces,
  rpcCodes,
  statusBody,
  type Encoding,
  type TraceRequest,
} from '../otlp/index.ts';
import { inflate, readBody } from './body.ts';
import { sharedMemory } from './memory.ts';
import { refusalFor, refuse, type Refusal } from './refusal.ts';

/** Takes a request: resolves once everything in it is safe, with a warning for the sender if there is one. */
export type TraceConsumer = (request: TraceRequest) => Promise<{ readonly warning?: string | undefined }>;

export interface OtlpHttpOptions {
  readonly address: Address;
  readonly consume: TraceConsumer;
  /** Who may send. */
  readonly access: Access;
  /** Called with an error that is none of ours. */
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
const TRACES = '/v1/traces';

/**
 * OTLP/HTTP: POST /v1/traces in protobuf or JSON, plain or gzip. Every error is a google.rpc.Status in the encoding of the
 * request.
 *
 * @example const receiver = await startOtlpHttp({ address: { host: '127.0.0.1', port: 0 }, consume, access, onError })
 */
export async function startOtlpHttp(options: OtlpHttpOptions): Promise<Receiver> {
  const { consume, access, onError, maxBody = 64 * MEBIBYTE, maxInFlight = 256 * MEBIBYTE } = options;
  const lend = sharedMemory(maxInFlight);
  let stopping = false;

  async function receive(request: IncomingMessage, encoding: Encoding): Promise<Uint8Array | Refusal> {
    const refused = refusedByHead(request, access);
    if (refused !== undefined) return refused;
    const lease = lend();
    try {
      const raw = await readBody(request, maxBody, lease);
      const body = isGzip(request) ? await inflate(raw, maxBody) : raw;
      if (body !== raw) lease.grow(body.length);
      const { warning } = await consume(readTraces(body, encoding));
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
      response.writeHead(200).end(result);
      return;
    }
    // A body that is refused unread would keep the connection busy: it is let run out for a moment, so that the sender
    // gets to read the answer, and then cut.
    if (!request.complete) {
      response.setHeader('connection', 'close');
      request.resume();
      const cut = setTimeout(() => request.destroy(), LINGER_MS);
      request.once('close', () => clearTimeout(cut));
    }
    response.writeHead(result.http, result.headers).end(statusBody(encoding, result.status));
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

/** What can be said without reading the body. */
function refusedByHead(request: IncomingMessage, access: Access): Refusal | undefined {
  const path = (request.url ?? '').split('?', 1)[0];
  if (path === '/v1/logs' || path === '/v1/metrics')
    return refuse(404, rpcCodes.unimplemented, `${path} is not read by this version; send traces to ${TRACES}`);
  if (path !== TRACES) return refuse(404, rpcCodes.notFound, `there is nothing here; send traces to ${TRACES}`);
  if (request.method !== 'POST')
    return refuse(405, rpcCodes.unimplemented, 'only POST is taken here', { allow: 'POST' });
  if (!access.allows(request.headers.authorization, 'ingest'))
    return refuse(401, rpcCodes.unauthenticated, 'a bearer token with the scope "ingest" is needed', {
      'www-authenticate': 'Bearer realm="spanledger"',
    });
  if (request.headers[HOP_HEADER] !== undefined)
    return refuse(
      400,
      rpcCodes.failedPrecondition,
      `these spans were forwarded by a Spanledger already (${HOP_HEADER}); the pipeline runs in a circle: check "forward"`,
    );
  if (encodingOf(request) === undefined)
    return refuse(
      415,
      rpcCodes.invalidArgument,
      `Content-Type must be ${contentTypes.protobuf} or ${contentTypes.json}, not "${request.headers['content-type'] ?? ''}"`,
      { accept: `${contentTypes.protobuf}, ${contentTypes.json}` },
    );
  const coding = request.headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity' && coding !== '' && !isGzip(request))
    return refuse(415, rpcCodes.invalidArgument, `Content-Encoding must be gzip or none, not "${coding}"`, {
      'accept-encoding': 'gzip, identity',
    });
  return undefined;
}

function isGzip(request: IncomingMessage): boolean {
  return request.headers['content-encoding']?.toLowerCase() === 'gzip';
}

function encodingOf(request: IncomingMessage): Encoding | undefined {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type === contentTypes.protobuf || type === 'application/protobuf') return 'protobuf';
  return type === contentTypes.json ? 'json' : undefined;
}
