import type { Micros } from '../pricing/charge.ts';
import type { FemtoUsd } from '../pricing/money.ts';
import { inputTokens, outputTokens, type Counts } from '../pricing/usage/usage.ts';
import type { Unit } from '../pricing/usage/units.ts';
import { signOf, type Entry } from './ledger.ts';

/** Microseconds. */
export const HOUR: Micros = 3_600_000_000;

/** Full hours since the epoch. */
export function hourOf(startUs: Micros): number {
  return Math.floor(startUs / HOUR);
}

/** What is summed: of one hour and one set of dimensions in a store, of anything else in an answer. */
export interface Sums {
  calls: number;
  cost: FemtoUsd;
  inputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  outputTokens: number;
  reasoningTokens: number;
}

export function emptySums(): Sums {
  return {
    calls: 0,
    cost: 0n,
    inputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
  };
}

/**
 * Adds one entry; a revision that takes back another is subtracted, as a call too. An unpriced charge adds to its calls and
 * tokens and to no sum of money.
 */
export function addEntry(sums: Sums, entry: Entry): void {
  const sign = signOf(entry);
  sums.calls += sign;
  if (entry.charge.status === 'priced') sums.cost += sign === 1 ? entry.charge.amount : -entry.charge.amount;
  sums.inputTokens += sign * inputTokens(entry.counts);
  sums.cacheReadTokens += sign * countOf(entry.counts, cacheReads);
  sums.cacheWriteTokens += sign * countOf(entry.counts, cacheWrites);
  sums.outputTokens += sign * outputTokens(entry.counts);
  sums.reasoningTokens += sign * (entry.counts.reasoning ?? 0);
}

const cacheReads = ['cache_read', 'cache_read_audio', 'cache_read_image', 'cache_read_video'] as const;
const cacheWrites = ['cache_write_5m', 'cache_write_1h', 'cache_write'] as const;

function countOf(counts: Counts, names: readonly Unit[]): number {
  let sum = 0;
  for (const name of names) sum += counts[name] ?? 0;
  return sum;
}

/** The rollup of parts is the rollup of the whole. */
export function addSums(into: Sums, part: Readonly<Sums>): void {
  into.calls += part.calls;
  into.cost += part.cost;
  into.inputTokens += part.inputTokens;
  into.cacheReadTokens += part.cacheReadTokens;
  into.cacheWriteTokens += part.cacheWriteTokens;
  into.outputTokens += part.outputTokens;
  into.reasoningTokens += part.reasoningTokens;
}
