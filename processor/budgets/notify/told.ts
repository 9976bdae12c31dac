import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Which of several receivers took a notice that others have not taken yet. The ledger knows only whether all have, so
 * without this a restart in between would tell some of them twice.
 */
export interface Told {
  has(key: string, place: string): boolean;
  add(key: string, place: string): void;
  /** Forgets all but these keys. */
  keep(keys: ReadonlySet<string>): void;
}

/**
 * A file of JSON lines `[key, place]`, or memory only without one. What can't be written is not remembered, and told
 * again after a restart: at least once is the promise.
 *
 * @example openTold('./spanledger.db.notifications/told.jsonl')
 */
export function openTold(path: string | undefined): Told {
  let pairs = path === undefined ? new Set<string>() : read(path);
  return {
    has: (key, place) => pairs.has(JSON.stringify([key, place])),
    add(key, place) {
      const pair = JSON.stringify([key, place]);
      pairs.add(pair);
      if (path !== undefined) quietly(path, () => appendFileSync(path, `${pair}\n`, { mode: 0o600 }));
    },
    keep(keys) {
      const kept = new Set([...pairs].filter((pair) => keys.has(keyOf(pair))));
      if (kept.size === pairs.size) return;
      pairs = kept;
      if (path === undefined) return;
      quietly(path, () => {
        writeFileSync(`${path}.new`, [...kept].map((pair) => `${pair}\n`).join(''), { mode: 0o600 });
        renameSync(`${path}.new`, path);
      });
    },
  };
}

function read(path: string): Set<string> {
  try {
    const lines = readFileSync(path, 'utf8').split('\n');
    // A line that a crash cut off is no pair.
    return new Set(lines.filter((line) => keyOf(line) !== ''));
  } catch {
    return new Set();
  }
}

function keyOf(pair: string): string {
  try {
    const value: unknown = JSON.parse(pair);
    return Array.isArray(value) && typeof value[0] === 'string' ? value[0] : '';
  } catch {
    return '';
  }
}

function quietly(path: string, write: () => void): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    write();
  } catch {
    // In memory all the same.
  }
}
