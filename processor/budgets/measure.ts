import { displayUsd } from '../../pricing/money.ts';
import { inputTokens, outputTokens } from '../../pricing/usage/usage.ts';
import { signOf, type CostRow, type Entry } from '../ledger.ts';

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
