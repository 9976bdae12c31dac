import type { DatabaseSync } from 'node:sqlite';
import type { Micros } from '../../../pricing/charge.ts';
import type { Retention } from '../../retention.ts';
import { hourOf } from '../../rollup.ts';
import type { Dictionary } from './dictionary.ts';
import type { MovingProgress } from './progress.ts';
import { createRetention } from './retention.ts';
import { createSummary, type Mark } from './summary.ts';

export interface TidyOptions {
  /** Entries that are read one by one until they are summed up; more make commits cheaper and questions dearer. */
  readonly foldAt: number;
  /** How long a day, or an hour, that got a late call waits to be summed up again. */
  readonly restMs: number;
  /** How long hours and entries are kept; nothing is given up where it is undefined. */
  readonly retention: Retention | undefined;
  readonly now: () => Micros;
}

/** Entries summed up at a time: the event loop waits meanwhile, some 15 ms. */
const SLICE = 1_024;
/** Calls that started this short a time ago are still coming in; those that come later are added one by one. */
const GRACE: Micros = 60_000_000;
/** The same while so many come in that a minute of them would be too much to read one by one. */
const BUSY_GRACE: Micros = 5_000_000;

/** Until a day or an hour is tried again that could not be summed up. */
const AGAIN_MS = 3_600_000;

/** What is left to do between commits. Nothing depends on it but the time that an answer takes. */
export interface Tidy {
  /** An entry was added that no sum holds yet. */
  added(startUs: Micros): void;
  /** A sum of this hour was changed, in the transaction that runs. */
  changed(hour: number): void;
  /**
   * Does one part, inside `transaction`; whether there may be more to do. Never throws: after a failure (a full disk, a sum
   * beyond 64 bits) answers still come from the entries, and it is tried again later.
   */
  step(transaction: (work: () => void) => void): boolean;
  /** Whether more waits than questions should have to read. */
  readonly behind: boolean;
}

export function createTidy(
  db: DatabaseSync,
  progress: MovingProgress,
  fold: (to: Micros) => void,
  dictionary: Dictionary,
  { foldAt, restMs, retention, now }: TidyOptions,
): Tidy {
  const summary = createSummary(db);
  const count = db.prepare('SELECT count(*) AS n FROM entry WHERE start_us >= ?');
  const slice = db.prepare(`SELECT start_us FROM entry WHERE start_us >= ? ORDER BY start_us LIMIT 1 OFFSET ${SLICE}`);
  const retain = createRetention(db, progress, retention, now);
  const resting = new Map<number, number>();
  let newest: Micros = Number(db.prepare('SELECT max(start_us) AS newest FROM entry').get()?.['newest'] ?? 0);
  let pending = Number(count.get(progress.folded)?.['n']);
  /** Since the last time: entries that can't be folded yet, as those dated ahead, do not bring us here again and again. */
  let fresh = pending;
  let target: Micros | undefined;
  let daysDue = true;
  /** Hours to be summed up by fewer dimensions, and from when on. */
  const hours = new Map<number, number>();
  let hoursTo = hourOf(progress.compacted);
  /** What is summed up part by part, and how far. */
  let begunDay: { readonly day: number; readonly after: Mark } | undefined;
  let begunHour: { readonly hour: number; readonly after: Mark } | undefined;

  const isBehind = (): boolean => pending > 4 * foldAt;

  function next(): Micros | undefined {
    if (target !== undefined && target > progress.folded) return target;
    if (pending < foldAt || fresh * 4 < foldAt) return undefined;
    fresh = 0;
    const to = Math.min(newest, now()) - (isBehind() ? BUSY_GRACE : GRACE);
    return to > progress.folded ? to : undefined;
  }

  function foldTo(to: Micros, transaction: (work: () => void) => void): boolean {
    target = to;
    try {
      const end = Number(slice.get(progress.folded)?.['start_us'] ?? to);
      transaction(() => fold(Math.min(to, Math.max(end, progress.folded + 1))));
      if (progress.folded < to) return true;
      pending = Number(count.get(to)?.['n']);
      daysDue = true;
      noteHours();
    } catch {
      fresh = 0;
    }
    target = undefined;
    return daysDue;
  }

  function summarise(transaction: (work: () => void) => void): boolean {
    const at = performance.now();
    const isDue = (each: number): boolean => (resting.get(each) ?? 0) <= at;
    const day = begunDay?.day ?? summary.missing(hourOf(progress.folded)).find(isDue);
    daysDue = day !== undefined;
    if (day === undefined) return false;
    // A day is made of its large hours.
    if (begunDay === undefined) {
      const large = dueHours(at).find((hour) => Math.floor(hour / 24) === day && summary.isLarge(hour));
      if (large !== undefined) return summariseHour(large, transaction);
    }
    try {
      let after = begunDay?.after;
      transaction(() => (after = summary.add(day, after)));
      begunDay = after && { day, after };
      if (after === undefined) resting.delete(day);
    } catch {
      begunDay = undefined;
      resting.set(day, at + AGAIN_MS);
    }
    return true;
  }

  /** Hours that are over since the last time. */
  function noteHours(): void {
    const to = hourOf(progress.folded);
    if (to <= hoursTo) return;
    for (const hour of summary.missingHours(hoursTo, to)) hours.set(hour, 0);
    hoursTo = to;
  }

  /** The one that is begun first. */
  function dueHours(at: number): readonly number[] {
    if (hours.size === 0) return [];
    const due: number[] = [];
    for (const [hour, from] of hours) {
      // Where only days are left, their first hour holds all of them.
      if (hour < hourOf(progress.compacted)) hours.delete(hour);
      else if (hour === begunHour?.hour) due.unshift(hour);
      else if (from <= at) due.push(hour);
    }
    return due;
  }

  function summariseHour(hour: number, transaction: (work: () => void) => void): boolean {
    try {
      let after = begunHour?.hour === hour ? begunHour.after : undefined;
      transaction(() => (after = summary.addHour(hour, after)));
      begunHour = after && { hour, after };
      if (after === undefined) hours.delete(hour);
    } catch {
      begunHour = undefined;
      hours.set(hour, performance.now() + AGAIN_MS);
    }
    return true;
  }

  function index(transaction: (work: () => void) => void): boolean {
    try {
      transaction(() => dictionary.index());
      return true;
    } catch {
      return false;
    }
  }

  noteHours();
  return {
    added(startUs) {
      newest = Math.max(newest, startUs);
      pending++;
      fresh++;
    },
    changed(hour) {
      summary.remove(hour);
      const due = performance.now() + restMs;
      resting.set(Math.floor(hour / 24), due);
      daysDue = true;
      if (hour < hoursTo) hours.set(hour, due);
      if (begunDay?.day === Math.floor(hour / 24)) begunDay = undefined;
      if (begunHour?.hour === hour) begunHour = undefined;
    },
    get behind() {
      return isBehind();
    },
    step(transaction) {
      const to = next();
      if (to !== undefined) return foldTo(to, transaction);
      if (dictionary.indexDue) return index(transaction);
      if (daysDue && summarise(transaction)) return true;
      const [hour] = dueHours(performance.now());
      return hour === undefined ? retain(transaction) : summariseHour(hour, transaction);
    },
  };
}
