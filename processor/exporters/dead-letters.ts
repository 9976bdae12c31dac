import { boundedFile } from '../bounded-file.ts';
import type { Parcel } from './exporter.ts';

/** Where requests are laid aside that a backend will never take. */
export interface DeadLetters {
  /** Whether there was room for it. Never rejects. */
  keep(parcel: Parcel, reason: string, now: number): Promise<boolean>;
}

/**
 * A file of JSON lines `{time, reason, signal, encoding, items, body}`, the body in base64: to be read by people, and sent
 * again by hand. It holds what spans hold, prompts too, so only its owner may read it. Once it has `maxBytes` it takes no
 * more.
 *
 * @example await deadLetters('./spool/dead-letters.jsonl', 64 << 20).keep(parcel, 'answered 400', Date.now())
 */
export function deadLetters(path: string, maxBytes: number): DeadLetters {
  const append = boundedFile(path, maxBytes);
  return {
    keep: ({ signal, encoding, items, body }, reason, now) => {
      const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('base64');
      return append({ time: new Date(now).toISOString(), reason, signal, encoding, items, body: text });
    },
  };
}
