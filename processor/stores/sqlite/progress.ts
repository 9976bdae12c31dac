import type { DatabaseSync } from 'node:sqlite';
import type { Micros } from '../../../pricing/charge.ts';

/** How far the ledger is summed up, and from where on entries are kept: `kept` <= `compacted` <= `folded`, as starts of calls. */
export interface Progress {
  /** Entries before it are in `rollup` and in `span_index`, later ones in `entry` alone. */
  readonly folded: Micros;
  /** The start of a UTC day: of every day before it `rollup` has one row under its first hour, not one an hour. */
  readonly compacted: Micros;
  /** The start of a UTC day: entries before it are gone, or about to; their sums stay. */
  readonly kept: Micros;
}

export function readProgress(db: DatabaseSync): Progress {
  const row = db.prepare('SELECT folded_us, compacted_us, kept_us FROM progress').get();
  return {
    folded: Number(row?.['folded_us']),
    compacted: Number(row?.['compacted_us']),
    kept: Number(row?.['kept_us']),
  };
}

/** The same, held by the one who writes. */
export interface MovingProgress extends Progress {
  /** Inside the caller's transaction. */
  move(to: Partial<Progress>): void;
  /** After a rollback. */
  reread(): void;
}

export function createProgress(db: DatabaseSync): MovingProgress {
  const update = db.prepare('UPDATE progress SET folded_us = ?, compacted_us = ?, kept_us = ?');
  let current = readProgress(db);
  return {
    get folded() {
      return current.folded;
    },
    get compacted() {
      return current.compacted;
    },
    get kept() {
      return current.kept;
    },
    move(to) {
      current = { ...current, ...to };
      update.run(current.folded, current.compacted, current.kept);
    },
    reread() {
      current = readProgress(db);
    },
  };
}
