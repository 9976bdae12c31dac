import type { ClientBase } from 'pg';
import type { PricedCharge } from '../../../pricing/charge.ts';
import { formatUsd } from '../../../pricing/money.ts';
import { dimensionNames, type Entry } from '../../ledger.ts';
import { followsFromRates } from '../entry-more.ts';
import { createNumbered } from './numbered.ts';

const kindColumns =
  'operation dialect usage_state basis unpriced_reason sent_provider sent_model region adjustment'.split(' ');
const priceColumns = 'provider model price_id version source own_lines rates'.split(' ');

/** What an entry is written with in place of the texts that repeat. */
export interface Numbers {
  readonly dimension: number;
  readonly kind: number;
  readonly price: number | undefined;
  /** The charge, where its lines do not follow from counts and rates. */
  readonly own: PricedCharge | undefined;
}

/** Numbers for what repeats from entry to entry. */
export interface Dictionary {
  /** The numbers of these; those that are new are made. Not within a transaction. */
  learn(client: ClientBase, entries: readonly Entry[]): Promise<Map<Entry, Numbers>>;
  /** Undefined where something of it was forgotten since: learn again. */
  numbers(entry: Entry): Numbers | undefined;
  forget(): void;
}

export function createDictionary(schema: string): Dictionary {
  const dimensions = createNumbered(`${schema}.dimension`, dimensionNames);
  const kinds = createNumbered(`${schema}.call_kind`, kindColumns);
  const prices = createNumbered(`${schema}.price`, priceColumns);
  return {
    async learn(client, entries) {
      const cards = entries.map(priceOf);
      const found = {
        dimension: await dimensions.learn(client, entries.map(dimensionOf)),
        kind: await kinds.learn(client, entries.map(kindOf)),
        price: await prices.learn(
          client,
          cards.flatMap((card) => (card === undefined ? [] : [card.values])),
        ),
      };
      let next = 0;
      return new Map(
        entries.map((entry, index) => {
          const card = cards[index];
          return [
            entry,
            {
              dimension: found.dimension[index] ?? Number.NaN,
              kind: found.kind[index] ?? Number.NaN,
              price: card === undefined ? undefined : found.price[next++],
              own: card?.own,
            },
          ];
        }),
      );
    },
    numbers(entry) {
      const dimension = dimensions.known(dimensionOf(entry));
      const kind = kinds.known(kindOf(entry));
      const card = priceOf(entry);
      const price = card && prices.known(card.values);
      if (dimension === undefined || kind === undefined || (card !== undefined && price === undefined))
        return undefined;
      return { dimension, kind, price, own: card?.own };
    },
    forget() {
      dimensions.forget();
      kinds.forget();
      prices.forget();
    },
  };
}

function dimensionOf({ dimensions }: Entry): string[] {
  return dimensionNames.map((name) => dimensions[name]);
}

function kindOf(entry: Entry): string[] {
  const { operation, dialect, usageState, basis, charge, sentProvider, sentModel, region, adjustment } = entry;
  const reason = charge.status === 'unpriced' ? charge.reason : '';
  return [operation, dialect, usageState, basis, reason, sentProvider, sentModel, region, adjustment];
}

/** A rate card as applied, with the rates of the units that the call used: the same call pattern has the same row. */
function priceOf({ charge, counts }: Entry): { values: readonly string[]; own: PricedCharge | undefined } | undefined {
  if (charge.status !== 'priced') return undefined;
  const own = followsFromRates(charge, counts) ? undefined : charge;
  const rates = own === undefined ? charge.lines.map(({ unit, rate }) => [unit, formatUsd(rate)] as const) : [];
  const text = JSON.stringify(Object.fromEntries(rates.toSorted(([a], [b]) => (a < b ? -1 : 1))));
  const { provider, model, priceId, priceVersion, source } = charge;
  const values = [provider, model, priceId, priceVersion, source, own === undefined ? 'no' : 'yes', text];
  return { values, own };
}
