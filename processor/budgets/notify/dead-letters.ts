import { appendFile, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Alert } from '../alert.ts';

/** Where alerts are laid aside that a receiver will never take. */
export interface DeadLetters {
  /** Whether there was room for them. Never rejects. */
  keep(place: string, why: string, alerts: readonly Alert[], nowMs: number): Promise<boolean>;
}

const MAX_BYTES = 16 << 20;

/**
 * A file of JSON lines `{time, receiver, why, alerts}`, to be read by people. Once it has 16 MiB it takes no more; without
 * a path nothing is kept.
 *
 * @example await deadLetters('./spanledger.db.notifications/dead-letters.jsonl').keep('ops', 'status 400', alerts, Date.now())
 */
export function deadLetters(path: string | undefined): DeadLetters {
  let size: number | undefined;
  return {
    async keep(receiver, why, alerts, nowMs) {
      if (path === undefined) return false;
      const line = `${JSON.stringify({ time: new Date(nowMs).toISOString(), receiver, why, alerts })}\n`;
      try {
        size ??= await sizeOf(path);
        if (size + line.length > MAX_BYTES) return false;
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
