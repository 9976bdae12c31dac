import { displayUsd } from '../../pricing/money.ts';
import { inputTokens, outputTokens } from '../../pricing/usage/usage.ts';
import type { CostRow, Entry } from '../ledger.ts';

/** What an amount counts. `requests` are calls: retries within one call are not counted apart. */
export const amountUnits = ['USD', 'tokens', 'requests'] as const;
export type AmountUnit = (typeof amountUnits)[number];

/** How one unit is read off what the ledger holds: femto-USD, or whole tokens and requests. */
interface Measure {
  readonly entry: (entry: Entry) => bigint;
  readonly row: (row: CostRow) => bigint;
  /** For people, not for sums. */
  readonly display: (value: bigint) => string;
}

/** Adjustments (`rev` above 0) add money and tokens, and are no requests: as in the ledger's own sums. */
export const measures: Readonly<Record<AmountUnit, Measure>> = {
  USD: {
    entry: ({ charge }) => (charge.status === 'priced' ? charge.amount : 0n),
    row: ({ cost }) => cost,
    display: displayUsd,
  },
  tokens: {
    entry: ({ counts }) => BigInt(inputTokens(counts) + outputTokens(counts)),
    row: (row) => BigInt(row.inputTokens) + BigInt(row.outputTokens),
    display: (value) => `${value.toLocaleString('en-US')} tokens`,
  },
  requests: {
    entry: ({ rev }) => (rev === 0 ? 1n : 0n),
    row: ({ calls }) => BigInt(calls),
    display: (value) => `${value.toLocaleString('en-US')} requests`,
  },
};
