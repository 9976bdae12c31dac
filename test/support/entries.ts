import type { Charge, ChargeLine } from '../../pricing/charge.ts';
import { parseUsd } from '../../pricing/money.ts';
import type { Counts } from '../../pricing/usage/usage.ts';
import type { Unit } from '../../pricing/usage/units.ts';
import { dimensionNames, type Dimensions, type Entry } from '../../processor/ledger.ts';

/** 2026-11-01T00:00:00Z, where the entries of tests start. */
export const NOVEMBER = Date.UTC(2026, 10, 1) * 1000;

/** USD for one token of gpt-4o: $2.50, $1.25 (cache) and $10 a million. */
export const gpt4o: Readonly<Partial<Record<Unit, string>>> = {
  input: '0.0000025',
  cache_read: '0.00000125',
  output: '0.00001',
};

export interface EntryOptions extends Partial<Omit<Entry, 'dimensions' | 'charge'>> {
  readonly dimensions?: Partial<Dimensions>;
  /** USD for one of each unit that is counted. */
  readonly rates?: Readonly<Partial<Record<Unit, string>>>;
  /** Instead of a charge by `rates`. */
  readonly charge?: Charge;
}

/**
 * A valid entry: a gpt-4o call of 800 tokens in and 200 out, $0.004. The same `n` is the same span, at `NOVEMBER` plus n
 * minutes; charge and status follow from `counts` and `rates` unless `charge` is given.
 *
 * @example makeEntry(1, { counts: { input: 1_250, output: 340 }, dimensions: { customer_id: 'acme' } }) // $0.006525
 */
export function makeEntry(n: number, options: EntryOptions = {}): Entry {
  const { dimensions, rates, charge: given, ...fields } = options;
  const counts = options.counts ?? { input: 800, output: 200 };
  const charge = given ?? chargeFor(counts, rates ?? gpt4o);
  const untagged = Object.fromEntries(dimensionNames.map((name) => [name, '']));
  return {
    startUs: NOVEMBER + n * 60_000_000,
    traceId: n.toString(16).padStart(32, '0'),
    spanId: (n + 1).toString(16).padStart(16, '0'),
    rev: 0,
    durationUs: 1_200_000,
    operation: 'chat',
    dialect: 'spanledger',
    sentProvider: 'openai',
    sentModel: 'gpt-4o',
    region: '',
    adjustment: '',
    usageState: 'reported',
    basis: 'reported',
    taskId: '',
    userId: '',
    sessionId: '',
    responseId: '',
    attempts: 1,
    fallbackFrom: '',
    error: '',
    extra: {},
    ...fields,
    counts,
    charge,
    dimensions: {
      ...untagged,
      provider: 'openai',
      model: 'gpt-4o',
      tier: 'standard',
      ...dimensions,
      status: charge.status,
    } as Dimensions,
  };
}

/** Quantity x rate for every count; unpriced (`unknown_unit`) where a count has no rate. */
export function chargeFor(counts: Counts, rates: Readonly<Partial<Record<Unit, string>>>): Charge {
  const lines: ChargeLine[] = [];
  for (const [name, quantity] of Object.entries(counts)) {
    const unit = name as Unit;
    const usd = rates[unit];
    if (usd === undefined) return { status: 'unpriced', reason: 'unknown_unit', detail: `no rate for ${unit}` };
    const rate = parseUsd(usd);
    lines.push({ unit, quantity, rate, amount: rate * BigInt(quantity) });
  }
  return {
    status: 'priced',
    amount: lines.reduce((sum, line) => sum + line.amount, 0n),
    lines,
    source: 'list',
    priceId: 'openai/gpt-4o@2024-10-01',
    priceVersion: '2026.11.1',
    provider: 'openai',
    model: 'gpt-4o',
  };
}

/** A charge without a figure, as the engine gives it for a model that it does not know. */
export function unpriced(model: string): Charge {
  return { status: 'unpriced', reason: 'unknown_model', detail: `no price for "${model}"` };
}
