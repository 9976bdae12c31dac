import type { IncomingMessage } from 'node:http';
import { SpanledgerError } from '../errors.ts';
import { tooLarge } from './decompress.ts';
import type { Lease } from './memory.ts';

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
