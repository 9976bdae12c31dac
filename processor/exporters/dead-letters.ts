import { appendFile, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
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
  let size: number | undefined;
  return {
    async keep({ signal, encoding, items, body }, reason, now) {
      const time = new Date(now).toISOString();
      const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('base64');
      const line = `${JSON.stringify({ time, reason, signal, encoding, items, body: text })}\n`;
      try {
        size ??= await sizeOf(path);
        if (size + line.length > maxBytes) return false;
        size += line.length;
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await appendFile(path, line, { mode: 0o600, flush: true });
        return true;
      } catch {
        return false;
      }
    },
  };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
