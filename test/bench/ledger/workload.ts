/** What the measurements of ledgers are made of. */
import type { Micros } from '../../../pricing/charge.ts';
import type { Entry } from '../../../processor/ledger.ts';
import { makeEntry } from '../../support/entries.ts';

const GROUP = 1_000;

export interface Workload {
  readonly entries: number;
  readonly days: number;
  /** Where the last day ends. */
  readonly untilUs: Micros;
  /** Of the models, the most used first; `model-0` and so on if they are not given. */
  readonly names?: readonly string[];
  /** Customers are on these in turn. */
  readonly plans?: readonly string[];
}

/** A small generator of random numbers, so that every run makes the same entries. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function zipf(size: number, next: () => number): () => number {
  const weights = Array.from({ length: size }, (_, index) => 1 / (index + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  const bounds = weights.map((weight) => (sum += weight) / total);
  return () => {
    const at = next();
    let [low, high] = [0, size - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((bounds[middle] ?? 1) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/**
 * Entries of $0.004 each, whatever the model, so that the total is known: 1,000 customers x 20 features x 8 models by Zipf,
 * in groups of 1,000, evenly over the days before `untilUs`, in the order of time. The same in every run.
 */
export function* entryGroups({ entries, days, untilUs, names, plans = [''] }: Workload): Generator<Entry[]> {
  const next = random(7);
  const span = days * 86_400_000_000;
  const [customer, feature, model] = [zipf(1_000, next), zipf(20, next), zipf(8, next)];
  const hex = (digits: number): string => {
    let text = '';
    while (text.length < digits)
      text += Math.floor(next() * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
    return text.slice(0, digits);
  };
  for (let start = 0; start < entries; start += GROUP)
    yield Array.from({ length: Math.min(GROUP, entries - start) }, (_, index) => {
      const n = start + index;
      const at = model();
      const name = names?.[at] ?? `model-${at}`;
      const whose = customer();
      const base = makeEntry(n);
      return {
        ...base,
        startUs: untilUs - span + Math.floor((n * span) / entries),
        traceId: hex(32),
        spanId: hex(16),
        durationUs: Math.floor(next() * 5_000_000),
        dimensions: {
          ...base.dimensions,
          customer_id: `customer-${whose}`,
          feature: `feature-${feature()}`,
          plan: plans[whose % plans.length] ?? '',
          environment: 'production',
          service: 'api',
          model: name,
        },
      };
    });
}
