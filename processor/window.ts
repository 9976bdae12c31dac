import type { Micros } from '../pricing/charge.ts';
import type { UsageState } from '../pricing/usage/usage.ts';

export interface HeldKey {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits; of an open call, those of the span that will come when it ends. */
  readonly spanId: string;
  /**
   * - `aggregate`: repeats what is below it, and is charged if nothing billable comes
   * - `open`: a call that was announced and has not ended
   */
  readonly kind: 'aggregate' | 'open';
}

/** Something that came in and is not charged at once, because what it means depends on what else comes. */
export interface Held extends HeldKey {
  /**
   * - `waiting`: for `dueUs`
   * - `charging`: its entry is being written, or was when a processor ended: to be looked at again
   * - `charged`: its entry is in the ledger, to be taken back or replaced should the truth come; forgotten at `dueUs`
   */
  readonly state: 'waiting' | 'charging' | 'charged';
  readonly startUs: Micros;
  /** Of an open call, its start. */
  readonly endUs: Micros;
  readonly dueUs: Micros;
  /** What has to be known to charge it, as JSON. The store does not look into it. */
  readonly body: string;
}

/** A call in the ledger, as it stands: the newest revision, if that one counts. */
export interface TraceCall {
  readonly traceId: string;
  readonly spanId: string;
  readonly startUs: Micros;
  readonly durationUs: number;
  readonly usageState: UsageState;
  /** '' where it is not known. */
  readonly responseId: string;
}

export interface TraceCallQuery {
  readonly traceIds: readonly string[];
  /** Their start: inclusive. */
  readonly from: Micros;
  readonly to: Micros;
}

/**
 * The part of a ledger that remembers what is held back, so that it outlives a process and is seen by all that share the
 * database. Nothing here is in any sum. As the ledger's, its methods reject with `ledger_unavailable`, and then did nothing.
 */
export interface Window {
  /** Keeps those whose key is new, in one transaction; one that is there already stays as it is. */
  hold(held: readonly Held[]): Promise<void>;
  /** Everything that is held of these traces, in any state. */
  ofTraces(traceIds: readonly string[]): Promise<readonly Held[]>;
  /**
   * What is due at `now` (inclusive), the longest due first. It is due again at `until`: until then no other processor gets
   * it, and should this one end, another will.
   *
   * @example for (const held of await window.claim({ now, until: now + 30_000_000, limit: 500 })) await settle(held);
   */
  claim(request: { readonly now: Micros; readonly until: Micros; readonly limit: number }): Promise<readonly Held[]>;
  /** Sets the state and when it is due, of those that are there. */
  mark(keys: readonly HeldKey[], change: Pick<Held, 'state' | 'dueUs'>): Promise<void>;
  release(keys: readonly HeldKey[]): Promise<void>;
  /** The calls that are open (`waiting`), those that began last first. */
  openCalls(limit: number): Promise<readonly Held[]>;
  /** How many wait. */
  waiting(): Promise<Readonly<Record<HeldKey['kind'], number>>>;
  /** The calls of these traces that are in the ledger, in no order. */
  calls(query: TraceCallQuery): Promise<readonly TraceCall[]>;
}
