import type { Dialect } from '../dialect.ts';

/**
 * Reads the log records of one family of emitters, which come as spans do (see `LogRequest`). Its name is that of the dialect
 * that reads the spans of the same family, and `-log`.
 */
export interface LogDialect extends Pick<Dialect, 'name' | 'read'> {
  /** Texts of which one is in every request that holds such a record: all other requests are passed on unread. */
  readonly marks: readonly string[];
  /**
   * True: its records stand in the trace and the span of the call that they tell. False or left out: they may stand in no
   * trace, and are known again by the id of the answer, or by session and counts.
   */
  readonly isWithinSpan?: boolean;
}
