import { gzipSync } from 'node:zlib';
import { HOP_HEADER } from '../hop.ts';
import { contentTypes, partialSuccess, type Encoding } from '../otlp/index.ts';

export interface ForwardOptions {
  /** Base URL of an OTLP/HTTP backend; `/v1/traces` is added. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How long a request may hold up its sender. */
  readonly timeoutMs?: number;
}

export type Forwarded =
  | { readonly status: 'delivered'; readonly warning: string | undefined }
  /** `reason` is a line for the log, without secrets. */
  | { readonly status: 'failed'; readonly reason: string };

export interface Exporter {
  readonly endpoint: string;
  /** Never rejects: what becomes of the backend is no matter of the ledger or of the sender. */
  send(body: Uint8Array, encoding: Encoding): Promise<Forwarded>;
}

/** An answer is a few bytes; one that is more is not read on. */
const MAX_ANSWER = 1 << 16;

/**
 * Sends enriched requests to one OTLP/HTTP backend, in the encoding in which they came. Not compressed on loopback, where
 * it would only cost time.
 *
 * @example await otlpHttpExporter({ endpoint: 'http://localhost:4319', headers: {} }).send(body, 'protobuf')
 */
export function otlpHttpExporter({ endpoint, headers, timeoutMs = 2_000 }: ForwardOptions): Exporter {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const compress = !/^http:\/\/(?:localhost|127\.|\[::1\])/.test(url);
  return {
    endpoint,
    async send(body, encoding) {
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: {
            ...headers,
            'content-type': contentTypes[encoding],
            ...(compress ? { 'content-encoding': 'gzip' } : {}),
            [HOP_HEADER]: '1',
          },
          body: compress ? gzipSync(body, { level: 1 }) : (body as Uint8Array<ArrayBuffer>),
          redirect: 'error',
          signal: AbortSignal.timeout(timeoutMs),
        });
        const answer = await readAnswer(response);
        if (!response.ok) return { status: 'failed', reason: `${url} answered ${response.status}` };
        const warning = partialSuccess(encoding, answer);
        return { status: 'delivered', warning: warning === undefined ? undefined : `the backend says: ${warning}` };
      } catch (error) {
        return { status: 'failed', reason: `${url}: ${reasonOf(error, timeoutMs)}` };
      }
    },
  };
}

async function readAnswer(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  const { cause } = error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.message;
}
