import type { Charge, ChargeLine } from '../../pricing/charge.ts';
import type { Entry } from '../ledger.ts';

type Texts<T> = { readonly [K in keyof T]: T[K] extends bigint ? string : T[K] };
interface Written extends Omit<Entry, 'charge'> {
  readonly charge:
    | Extract<Charge, { status: 'unpriced' }>
    | (Omit<Texts<Extract<Charge, { status: 'priced' }>>, 'lines'> & { readonly lines: readonly Texts<ChargeLine>[] });
}

/** An entry as JSON, in which amounts are whole numbers of femto-USD as text. */
export function entryText(entry: Entry): string {
  return JSON.stringify(entry, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

/** What `entryText` wrote. */
export function entryOf(text: string): Entry {
  const { charge, ...rest } = JSON.parse(text) as Written;
  if (charge.status === 'unpriced') return { ...rest, charge };
  const lines = charge.lines.map((line) => ({ ...line, rate: BigInt(line.rate), amount: BigInt(line.amount) }));
  return { ...rest, charge: { ...charge, amount: BigInt(charge.amount), lines } };
}
