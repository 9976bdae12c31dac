import { SpanledgerError } from '../errors.ts';

/** Bytes of one request, before and after decompression, as OTLP recommends; and of all that are being read. */
export const MAX_BODY = 64 << 20;
export const MAX_IN_FLIGHT = 256 << 20;

/** What one request holds of the memory that all requests share. */
export interface Lease {
  /** Throws `overloaded` when all requests together would hold too much. */
  grow(bytes: number): void;
  release(): void;
}

/**
 * Bounds the bytes of all requests that are being read, so that many large ones at once are asked to come again instead of
 * running the process out of memory. One alone always passes: it has a limit of its own.
 */
export function sharedMemory(limit: number): () => Lease {
  let held = 0;
  return () => {
    let own = 0;
    return {
      grow(bytes) {
        if (held > own && held + bytes > limit)
          throw new SpanledgerError('overloaded', 'too many large requests at once; send this one again later');
        own += bytes;
        held += bytes;
      },
      release() {
        held -= own;
        own = 0;
      },
    };
  };
}
