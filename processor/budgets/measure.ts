import { displayUsd } from '../../pricing/money.ts';
import { inputTokens, outputTokens } from '../../pricing/usage/usage.ts';
import { signOf, type CostRow, type Entry } from '../ledger.ts';
import type { Rule } from './rule.ts';
import type { WorstRates } from './worst-rates.ts';

/** What an amount counts. `requests` are calls: retries within one call are not counted apart. */
export const amountUnits = ['USD', 'tokens', 'requests'] as const;
export type AmountUnit = (typeof amountUnits)[number];

/** How one unit is read off what the ledger holds: femto-USD, or whole tokens and requests. */
export interface Measure {
  readonly entry: (entry: Entry) => bigint;
  readonly row: (row: CostRow) => bigint;
  /** For people, not for sums. */
  readonly display: (value: bigint) => string;
}

/** A revision that takes back another is subtracted: as in the ledger's own sums. */
export const measures: Readonly<Record<AmountUnit, Measure>> = {
  USD: {
    entry: (entry) => (entry.charge.status === 'priced' ? BigInt(signOf(entry)) * entry.charge.amount : 0n),
    row: ({ cost }) => cost,
    display: displayUsd,
  },
  tokens: {
    entry: (entry) => BigInt(signOf(entry) * (inputTokens(entry.counts) + outputTokens(entry.counts))),
    row: (row) => BigInt(row.inputTokens) + BigInt(row.outputTokens),
    display: (value) => `${value.toLocaleString('en-US')} tokens`,
  },
  requests: {
    entry: (entry) => BigInt(signOf(entry)),
    row: ({ calls }) => BigInt(calls),
    display: (value) => `${value.toLocaleString('en-US')} requests`,
  },
};

/**
 * What a rule counts. Calls without a price cost nothing that is known; where the rule says `unpriced: worst-case`, they
 * count at the dearest rates of their provider.
 *
 * @example measureOf(rule, worst).entry(entry)
 */
export function measureOf({ amount, unpriced }: Pick<Rule, 'amount' | 'unpriced'>, worst?: WorstRates): Measure {
  const plain = measures[amount.unit];
  if (unpriced !== 'worst-case' || worst === undefined) return plain;
  const most = (provider: string | undefined, tokens: { readonly input: number; readonly output: number }): bigint => {
    const { input, output } = worst(provider ?? '');
    return BigInt(tokens.input) * input + BigInt(tokens.output) * output;
  };
  return {
    display: plain.display,
    entry(entry) {
      if (entry.charge.status === 'priced') return plain.entry(entry);
      const tokens = { input: inputTokens(entry.counts), output: outputTokens(entry.counts) };
      return BigInt(signOf(entry)) * most(entry.dimensions.provider, tokens);
    },
    row(row) {
      if (row.values.status !== 'unpriced') return row.cost;
      return most(row.values.provider, { input: row.inputTokens, output: row.outputTokens });
    },
  };
}
