import type { DatabaseSync } from 'node:sqlite';
import type { PricedCharge } from '../../../pricing/charge.ts';
import { formatUsd, parseUsd, type FemtoUsd } from '../../../pricing/money.ts';
import type { Counts } from '../../../pricing/usage/usage.ts';
import { dimensionNames, type Entry } from '../../ledger.ts';
import { followsFromRates } from '../entry-more.ts';
import { numberTexts } from './texts.ts';

/** Known cards kept in memory; beyond it the table is asked again. */
const MAX_CACHED = 10_000;

const kindColumns =
  'operation dialect usage_state basis unpriced_reason sent_provider sent_model region adjustment'.split(' ');

interface CardRow {
  readonly id: number;
  /** Of the card: provider, model, version, source. */
  readonly values: readonly string[];
  readonly ownLines: boolean;
  readonly rates: Map<string, FemtoUsd>;
}

/** Numbers for what repeats from entry to entry. Used inside the writer's transaction. */
export interface Dictionary {
  dimension(entry: Entry): number;
  kind(entry: Entry): number;
  /** `ownLines`: the lines do not follow from counts and rates, so the entry has to keep them. */
  price(charge: PricedCharge, counts: Counts): { readonly id: number; readonly ownLines: boolean };
  /** Whether so many are not in the index yet that it is worth the while. */
  readonly indexDue: boolean;
  /** Puts a part of them there, inside the caller's transaction. */
  index(): void;
  /** After a rollback: forgets what may not be there any more. */
  forget(): void;
}

export function createDictionary(db: DatabaseSync): Dictionary {
  const dimensions = numberTexts(db, 'dimension', dimensionNames);
  const kinds = numberTexts(db, 'call_kind', kindColumns);
  const prices = createPrices(db);
  return {
    dimension: (entry) => dimensions.id(dimensionNames.map((name) => entry.dimensions[name])),
    kind: (entry) => {
      const reason = entry.charge.status === 'unpriced' ? entry.charge.reason : '';
      const sent = [entry.sentProvider, entry.sentModel, entry.region];
      return kinds.id([
        entry.operation,
        entry.dialect,
        entry.usageState,
        entry.basis,
        reason,
        ...sent,
        entry.adjustment,
      ]);
    },
    price: (charge, counts) => prices.find(charge, counts),
    get indexDue() {
      return dimensions.indexDue || kinds.indexDue;
    },
    index: () => {
      for (const texts of [dimensions, kinds]) if (texts.indexDue) texts.index();
    },
    forget: () => {
      dimensions.forget();
      kinds.forget();
      prices.forget();
    },
  };
}

const cardColumns = ['provider', 'model', 'version', 'source'] as const;

/**
 * A price row is a rate card as applied: who, which card, which version; its rates are rows of their own, added as units
 * are met. The same card with another rate for a unit (a card that its id does not tell apart) becomes another row.
 */
function createPrices(db: DatabaseSync) {
  const known = new Map<string, CardRow[]>();
  const select = db.prepare(
    `SELECT id, own_lines, ${cardColumns.join(', ')},
       (SELECT json_group_object(unit, usd) FROM rate WHERE price = price.id) AS rates
     FROM price WHERE price_id = ?`,
  );
  const insert = db.prepare(
    `INSERT INTO price (price_id, ${cardColumns.join(', ')}, own_lines) VALUES (?, ?, ?, ?, ?, ?) RETURNING id`,
  );
  const insertRate = db.prepare('INSERT INTO rate (price, unit, usd) VALUES (?, ?, ?)');

  function load(priceId: string): CardRow[] {
    return select.all(priceId).map((row) => {
      const rates = JSON.parse(String(row['rates'])) as Record<string, string>;
      return {
        id: Number(row['id']),
        values: cardColumns.map((column) => String(row[column])),
        ownLines: row['own_lines'] === 1,
        rates: new Map(Object.entries(rates).map(([unit, usd]) => [unit, parseUsd(usd)])),
      };
    });
  }

  return {
    find(charge: PricedCharge, counts: Counts): { readonly id: number; readonly ownLines: boolean } {
      let rows = known.get(charge.priceId);
      if (rows === undefined) {
        rows = load(charge.priceId);
        if (known.size >= MAX_CACHED) known.clear();
        known.set(charge.priceId, rows);
      }
      const ownLines = !followsFromRates(charge, counts);
      const agrees = (row: CardRow): boolean =>
        row.ownLines === ownLines &&
        row.values[0] === charge.provider &&
        row.values[1] === charge.model &&
        row.values[2] === charge.priceVersion &&
        row.values[3] === charge.source &&
        (ownLines || charge.lines.every((line) => (row.rates.get(line.unit) ?? line.rate) === line.rate));
      let row = rows.find(agrees);
      if (row === undefined) {
        const values = [charge.provider, charge.model, charge.priceVersion, charge.source];
        const id = Number(insert.get(charge.priceId, ...values, ownLines ? 1 : 0)?.['id']);
        row = { id, values, ownLines, rates: new Map() };
        rows.push(row);
      }
      if (!ownLines)
        for (const line of charge.lines) {
          if (row.rates.has(line.unit)) continue;
          insertRate.run(row.id, line.unit, formatUsd(line.rate));
          row.rates.set(line.unit, line.rate);
        }
      return row;
    },
    forget: () => known.clear(),
  };
}
