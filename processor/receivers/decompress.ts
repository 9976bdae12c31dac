import { promisify } from 'node:util';
import { gunzip, gunzipSync, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import { SpanledgerError } from '../errors.ts';

/** How a body may be compressed, by its Content-Encoding. */
const codings = {
  gzip: { atOnce: gunzipSync, aside: promisify(gunzip) },
  zstd: { atOnce: zstdDecompressSync, aside: promisify(zstdDecompress) },
} as const;
export type Coding = keyof typeof codings;
export const codingNames = Object.keys(codings) as readonly Coding[];

/** Up to here inflating on the spot is cheaper than a trip to the thread pool; beyond it would hold up everybody else. */
const AT_ONCE = 1 << 20;

/**
 * The decompressed body. The limit holds for what comes out, too: a few bytes can inflate to gigabytes. Rejects with
 * `body_too_large`, or `malformed_otlp` for what is no such data.
 */
export async function decompress(body: Buffer, coding: Coding, limit: number): Promise<Buffer> {
  if (body.length === 0) return body;
  const { atOnce, aside } = codings[coding];
  const small = Math.min(limit, AT_ONCE);
  try {
    return atOnce(body, { maxOutputLength: small });
  } catch (error) {
    if (!isTooLarge(error)) throw corrupt(error, coding);
    if (small === limit) throw tooLarge(limit, 'the decompressed request');
  }
  try {
    return await aside(body, { maxOutputLength: limit });
  } catch (error) {
    throw isTooLarge(error) ? tooLarge(limit, 'the decompressed request') : corrupt(error, coding);
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

function corrupt(error: unknown, coding: Coding): SpanledgerError {
  const reason = error instanceof Error ? error.message : String(error);
  return new SpanledgerError('malformed_otlp', `the body is not ${coding}, though Content-Encoding says so: ${reason}`);
}

export function tooLarge(limit: number, what: string): SpanledgerError {
  const mebibytes = Math.round((limit / (1 << 20)) * 100) / 100;
  return new SpanledgerError(
    'body_too_large',
    `${what} is larger than the limit of ${mebibytes} MiB; let the exporter send smaller batches`,
  );
}
