import { logDialects } from '../dialects/logs/index.ts';
import type { Entry } from '../ledger.ts';

/** What is remembered of a call that was told: not the span, which holds on to the bytes of its whole request. */
export interface Kept {
  readonly entry: Entry;
  readonly kind: number;
}

/** The kind of a span that calls somebody else. */
export const CLIENT = 3;

const LOG = '-log';
const families: ReadonlySet<string> = new Set(
  logDialects.filter(({ isWithinSpan }) => isWithinSpan !== true).map(({ name }) => name.slice(0, -LOG.length)),
);

/** Whether it was told by a log record. */
export const isLog = ({ dialect }: Entry): boolean => dialect.endsWith(LOG);

/** Of emitters with two signals, which may tell the same call and need not stand in the same trace. */
export function familyOf({ dialect }: Entry): string | undefined {
  const family = dialect.endsWith(LOG) ? dialect.slice(0, -LOG.length) : dialect;
  return families.has(family) ? family : undefined;
}

/** The same span, sent again. */
export function isSame(a: Kept, b: Kept): boolean {
  return a.entry.spanId === b.entry.spanId && a.entry.startUs === b.entry.startUs;
}

/**
 * Ours first: it has the provider's own counts, and the customer. Then the innermost, which is the shortest: what is further
 * out may be an alias or a sum. The rest only makes the order a total one.
 */
export function isBetter(a: Kept, b: Kept): boolean {
  const ours = Number(b.entry.dialect !== 'spanledger') - Number(a.entry.dialect !== 'spanledger');
  if (ours !== 0) return ours > 0;
  // A span says more than an event, and its trace is known for certain.
  const signal = Number(isLog(b.entry)) - Number(isLog(a.entry));
  if (signal !== 0) return signal > 0;
  if (a.entry.durationUs !== b.entry.durationUs) return a.entry.durationUs < b.entry.durationUs;
  const client = Number(a.kind === CLIENT) - Number(b.kind === CLIENT);
  return client === 0 ? a.entry.spanId < b.entry.spanId : client > 0;
}
