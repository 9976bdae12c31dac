import { boundedFile } from '../../bounded-file.ts';
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
  if (path === undefined) return { keep: async () => false };
  const append = boundedFile(path, MAX_BYTES);
  return {
    keep: (receiver, why, alerts, nowMs) => append({ time: new Date(nowMs).toISOString(), receiver, why, alerts }),
  };
}
