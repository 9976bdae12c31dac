import type { Charge, ChargeLine, Micros } from '../pricing/charge.ts';
import { USD, type FemtoUsd } from '../pricing/money.ts';
import type { Basis, Counts, UsageState } from '../pricing/usage/usage.ts';
import type { TagName } from './call.ts';
import type { Feed } from './feed.ts';
import type { TraceCallQuery, TraceCall, Window } from './window.ts';

/** What cost can be asked by. Everything here has few values; ids of tasks, users and sessions stay on the entry. */
export const dimensionNames = [
  'customer_id',
  'feature',
  'route',
  'task_type',
  'team',
  'plan',
  'environment',
  'workspace_id',
  'service',
  'provider',
  'model',
  'tier',
  'status',
] as const;
export type DimensionName = (typeof dimensionNames)[number];
/** '' where the call carried no such tag. `status` is `priced` or `unpriced`. */
export type Dimensions = Readonly<Record<DimensionName, string>>;

/**
 * `rev` 0 is the call as it came in. Nothing is ever changed: an adjustment adds revisions, and what is read is the sum of
 * all. Even ones say what the call is taken to be; the odd one after it takes that back, figure by figure.
 */
export interface EntryKey {
  readonly startUs: Micros;
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly rev: number;
}

/** How a revision counts: odd ones take back. */
export function signOf({ rev }: Pick<EntryKey, 'rev'>): 1 | -1 {
  return rev % 2 === 0 ? 1 : -1;
}

/**
 * The largest charge, and the largest sum of one hour and one set of dimensions, that every store keeps exactly (nano-USD
 * in 64 bits). Beyond it an append is refused; no call costs this much.
 */
export const maxAmount: FemtoUsd = 9_000_000_000n * USD;

/** One immutable line of the ledger. */
export interface Entry extends EntryKey {
  readonly durationUs: number;
  readonly dimensions: Dimensions;
  readonly operation: string;
  readonly dialect: string;
  /** The words that the span used, by which a price is looked up again; '' where it had none. */
  readonly sentProvider: string;
  readonly sentModel: string;
  /** As served; '' where it is not known. */
  readonly region: string;
  readonly usageState: UsageState;
  readonly basis: Basis;
  /** Empty where usage is missing or invalid; `charge.reason` says so. */
  readonly counts: Counts;
  readonly charge: Charge;
  readonly taskId: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly responseId: string;
  readonly attempts: number;
  readonly fallbackFrom: string;
  /** '' for a call that succeeded. */
  readonly error: string;
  /** `spanledger.tag.*`. */
  readonly extra: Readonly<Record<string, string>>;
  /** What led to this revision: the id of its adjustment; '' for `rev` 0. */
  readonly adjustment: string;
}

/** What became of one appended entry. A resend gets the entry of the first time back, so the same charge is spliced. */
export interface Appended {
  readonly entry: Entry;
  readonly inserted: boolean;
}

/** A correction of one call. */
export interface Adjustment {
  /** The call's newest revision, as the figures were read that led to this. */
  readonly of: EntryKey;
  /** What the call is from now on (`rev` and `adjustment` are set by the ledger). Undefined: no call, and no cost. */
  readonly replacement: Entry | undefined;
  /** What led to it: a run of `reprice`, a late span. Stays on the revisions. */
  readonly id: string;
}

/**
 * - `adjusted`: written. `known`: was written before under the same id
 * - `outdated`: the call has newer revisions by another adjustment; nothing was done. Read again and decide again
 * - `unknown`: there is no such entry
 */
export interface Adjusted {
  readonly status: 'adjusted' | 'known' | 'outdated' | 'unknown';
  /** The revisions of this adjustment: what is taken back, then what it is from now on. */
  readonly revisions: readonly Appended[];
}

/** What was done to the ledger besides taking calls, by whom it may concern later. */
export interface AuditRow {
  /** The same id is kept once. */
  readonly id: string;
  readonly at: Micros;
  /** `reprice`, `erase`, … */
  readonly action: string;
  /** JSON. */
  readonly detail: string;
}

/** `=` and `!=` compare the whole value; `=~` and `!~` match a regular expression against all of it (as Prometheus). */
export interface Matcher {
  readonly name: DimensionName;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

export type Bucket = 'hour' | 'day' | 'month';

export interface CostQuery {
  readonly by: readonly DimensionName[];
  readonly where: readonly Matcher[];
  /** Inclusive. */
  readonly from: Micros;
  /** Exclusive. */
  readonly to: Micros;
  readonly bucket?: Bucket | undefined;
  /** IANA zone that buckets are cut in. */
  readonly timezone: string;
}

export interface CostRow {
  readonly values: Readonly<Partial<Record<DimensionName, string>>>;
  /** Start of the bucket; undefined without one. */
  readonly bucketUs: Micros | undefined;
  readonly calls: number;
  /** Of priced calls; unpriced ones are counted, never summed as 0. */
  readonly cost: FemtoUsd;
  readonly unpricedCalls: number;
  /** All input tokens; cache reads and writes (of any time to live) are parts of them. */
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** All output tokens; reasoning is a part of them. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

/** A sum by rate: the derivation of any figure, down to quantity x rate. */
export interface DerivationLine extends ChargeLine {
  readonly provider: string;
  readonly model: string;
  readonly priceId: string;
  readonly priceVersion: string;
  readonly source: 'list' | 'contract' | 'provider';
  /** Calls that used this unit at this rate. */
  readonly calls: number;
}

export interface UnpricedLine {
  readonly provider: string;
  readonly model: string;
  readonly reason: string;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface Derivation {
  readonly lines: readonly DerivationLine[];
  readonly unpriced: readonly UnpricedLine[];
  readonly total: FemtoUsd;
}

export interface EntryQuery {
  readonly where: readonly Matcher[];
  /** Equality on ids that are no dimensions. */
  readonly ids?: Readonly<Partial<Record<Extract<TagName, 'task_id' | 'user_id' | 'session_id'>, string>>>;
  readonly from: Micros;
  readonly to: Micros;
  /** Newest first; the key after which the page starts. */
  readonly after?: EntryKey | undefined;
  readonly limit: number;
}

/** A budget threshold that was crossed, remembered under `key` for ever: it never fires twice. */
export interface Crossing {
  readonly key: string;
  readonly at: Micros;
  /** What was told, as JSON. */
  readonly payload: string;
  readonly delivered: boolean;
}

/**
 * The exact, append-only ledger. One implementation a database, one conformance suite for all.
 * Every method rejects with `ledger_unavailable` when the store is away, full or locked: nothing was done.
 */
export interface Ledger {
  /**
   * One transaction: all of `entries` that are new, and their rollups, or nothing. The same key twice changes nothing,
   * within a call as between calls. Answers in the order given. Concurrent calls may share a commit. Rejects with
   * `entry_refused` (permanent) where an entry can't be kept exactly, naming it: nothing of this call was done. Takes
   * `rev` 0 only.
   */
  append(entries: readonly Entry[]): Promise<readonly Appended[]>;
  /**
   * One transaction, as `append`: every adjustment that still holds takes back the revision it names (if that counts) and
   * adds the replacement (if there is one) as the next revisions, in all sums too. Done again it changes nothing.
   *
   * @example
   * const [original] = await ledger.find(traceId, spanId);
   * await ledger.adjust([{ of: original, replacement: undefined, id: 'late leaf' }]); // the call costs nothing any more
   */
  adjust(adjustments: readonly Adjustment[]): Promise<readonly Adjusted[]>;
  /** Remembers what was done; false if the id was known already. */
  addAudit(row: AuditRow): Promise<boolean>;
  /** The newest first. */
  audit(limit: number): Promise<readonly AuditRow[]>;
  /** From the rollups. Rows in no order. */
  costs(query: CostQuery): Promise<readonly CostRow[]>;
  /** From the entries. */
  derive(query: Pick<CostQuery, 'where' | 'from' | 'to'>): Promise<Derivation>;
  entries(query: EntryQuery): Promise<readonly Entry[]>;
  /** All revisions of one call, rev 0 first; none if it is unknown. */
  find(traceId: string, spanId: string): Promise<readonly Entry[]>;
  /** The start of the first entry, for defaults of `from`; undefined for an empty ledger. */
  firstUs(): Promise<Micros | undefined>;
  /** Remembers a crossing; false if it was known already. */
  addCrossing(crossing: Omit<Crossing, 'delivered'>): Promise<boolean>;
  /** A crossing that was remembered; undefined if there is none under this key. */
  crossing(key: string): Promise<Crossing | undefined>;
  markDelivered(key: string): Promise<void>;
  undelivered(): Promise<readonly Crossing[]>;
  /** Crossings that hold still, the oldest first: those under whose key and `|resolved` nothing is remembered. */
  firing(): Promise<readonly Crossing[]>;
  /** What is held back until it is clear whether it is to be charged: aggregates, and calls that have not ended. */
  readonly window: Window;
  /** What other processes add; undefined where this one alone writes. */
  readonly feed: Feed | undefined;
  /** Resolves if a write could be done now. */
  check(): Promise<void>;
  /** May be called any number of times. */
  close(): Promise<void>;
}

/** What can be asked of a ledger without writing to it, for example of a file that a running processor writes to. */
export interface LedgerReader extends Pick<Ledger, 'costs' | 'derive' | 'entries' | 'find' | 'firstUs' | 'close'> {
  /** As `Window.calls`. */
  traceCalls(query: TraceCallQuery): Promise<readonly TraceCall[]>;
}
