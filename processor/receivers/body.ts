import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, gunzipSync } from 'node:zlib';
import { SpanledgerError } from '../errors.ts';
import type { Lease } from './memory.ts';

const gunzipAside = promisify(gunzip);
/** Up to here inflating on the spot is cheaper than a trip to the thread pool; beyond it would hold up everybody else. */
const INFLATE_AT_ONCE = 1 << 20;

/**
 * The bytes of a request as they came. `body_too_large` as soon as they are more than `limit`, whatever Content-Length said.
 */
export async function readBody(request: IncomingMessage, limit: number, lease: Lease): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit, 'the request');
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > limit) throw tooLarge(limit, 'the request');
      lease.grow(bytes.length);
      chunks.push(bytes);
    }
  } catch (error) {
    if (error instanceof SpanledgerError) throw error;
    throw new SpanledgerError('malformed_otlp', 'the sender went away before the end of the request', { cause: error });
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size);
}

/** The decompressed body; the limit holds for what comes out, too: a few bytes can inflate to gigabytes. */
export async function inflate(body: Buffer, limit: number): Promise<Buffer> {
  if (body.length === 0) return body;
  const atOnce = Math.min(limit, INFLATE_AT_ONCE);
  try {
    return gunzipSync(body, { maxOutputLength: atOnce });
  } catch (error) {
    if (!isTooLarge(error)) throw corrupt(error);
    if (atOnce === limit) throw tooLarge(limit, 'the decompressed request');
  }
  try {
    return await gunzipAside(body, { maxOutputLength: limit });
  } catch (error) {
    throw isTooLarge(error) ? tooLarge(limit, 'the decompressed request') : corrupt(error);
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

function corrupt(error: unknown): SpanledgerError {
  const reason = error instanceof Error ? error.message : String(error);
  return new SpanledgerError('malformed_otlp', `the body is not gzip, though Content-Encoding says so: ${reason}`);
}

function tooLarge(limit: number, what: string): SpanledgerError {
  const mebibytes = Math.round((limit / (1 << 20)) * 100) / 100;
  return new SpanledgerError(
    'body_too_large',
    `${what} is larger than the limit of ${mebibytes} MiB; let the exporter send smaller batches`,
  );
}
