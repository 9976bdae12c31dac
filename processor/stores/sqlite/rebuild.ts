import type { DatabaseSync } from 'node:sqlite';
import { HOUR } from '../../rollup.ts';
import { foldRollupsSql, foldSpansSql } from './fold.ts';
import { readProgress } from './progress.ts';

const DAY = 24 * HOUR;

/**
 * Sums everything up again from the entries: rollups, the index of spans, and (once a processor runs again) summaries. A day at
 * a time, each in a transaction, so that it may be stopped and begun again. Days whose entries are gone keep their sums.
 *
 * @param done told how much is done, from 0 to 1
 * @returns the days that were summed up
 */
export function rebuildRollups(db: DatabaseSync, done: (part: number) => void = () => undefined): number {
  const { folded, compacted, kept } = readProgress(db);
  db.exec(
    `BEGIN IMMEDIATE; DELETE FROM summary_day; DELETE FROM summary; DELETE FROM summed_hour; DELETE FROM summary_hour; DELETE FROM summary_quarter;
    DELETE FROM facet_of; DELETE FROM facet; COMMIT`,
  );
  const clear = ['rollup', 'span_index'].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE hour >= ? AND hour < ?`),
  );
  const hours = db.prepare(foldRollupsSql(`start_us / ${HOUR}`));
  const days = db.prepare(foldRollupsSql(`start_us / ${DAY} * 24`));
  const spans = db.prepare(foldSpansSql);
  const next = db.prepare(
    `SELECT min(day) AS day FROM (SELECT min(hour) / 24 AS day FROM rollup WHERE hour >= ?1 / ${HOUR}
      UNION ALL SELECT min(start_us) / ${DAY} FROM entry WHERE start_us >= ?1 AND start_us < ?2)`,
  );
  const following = (from: number): number | undefined => {
    const day = next.get(from, folded)?.['day'];
    return typeof day === 'number' ? day : undefined;
  };
  const first = following(kept);
  const last = Math.floor(folded / DAY);
  let count = 0;
  for (let day = first; day !== undefined; day = following((day + 1) * DAY)) {
    const [from, to] = [day * DAY, Math.min((day + 1) * DAY, folded)];
    db.exec('BEGIN IMMEDIATE');
    try {
      for (const statement of clear) statement.run(day * 24, (day + 1) * 24);
      (from < compacted ? days : hours).run(from, Math.max(from, to));
      spans.run(from, Math.max(from, to));
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
    count++;
    done(Math.min(1, (day + 1 - (first ?? day)) / Math.max(1, last + 1 - (first ?? day))));
  }
  return count;
}
