import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { PricedCharge } from '../../../pricing/charge.ts';
import { formatUsd, parseUsd, type FemtoUsd } from '../../../pricing/money.ts';
import type { Counts } from '../../../pricing/usage/usage.ts';
import type { Unit } from '../../../pricing/usage/units.ts';
import { dimensionNames, type Entry } from '../../ledger.ts';

/** Known numbers kept in memory; beyond it the table is asked again. */
const MAX_CACHED = 200_000;

const kindColumns =
  'operation dialect usage_state basis unpriced_reason sent_provider sent_model region adjustment'.split(' ');

interface CardRow {
  readonly id: number;
  readonly ownLines: boolean;
  readonly rates: Map<string, FemtoUsd>;
}

/** Numbers for what repeats from entry to entry. Used inside the writer's transaction. */
export interface Dictionary {
  dimension(entry: Entry): number;
  kind(entry: Entry): number;
  /** `ownLines`: the lines do not follow from counts and rates, so the entry has to keep them. */
  price(charge: PricedCharge, counts: Counts): { readonly id: number; readonly ownLines: boolean };
  /** After a rollback: forgets what may not be there any more. */
  forget(): void;
}

export function createDictionary(db: DatabaseSync): Dictionary {
  const dimensions = numbered(db, 'dimension', dimensionNames);
  const kinds = numbered(db, 'call_kind', kindColumns);
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
    forget: () => {
      dimensions.forget();
      kinds.forget();
      prices.forget();
    },
  };
}

/** Lengths, not a separator: a value may hold any character. */
function keyOf(values: readonly string[]): string {
  let key = '';
  for (const value of values) key += `${value.length}:${value}`;
  return key;
}

/** 48 bits, which are a safe integer. Rows of equal hashes are told apart by their texts. */
function hashOf(key: string): number {
  return createHash('sha1').update(key).digest().readUIntBE(0, 6);
}

function numbered(db: DatabaseSync, table: string, columns: readonly string[]) {
  const known = new Map<string, { readonly id: number; readonly values: readonly string[] }>();
  const where = columns.map((column) => `${column} = ?`).join(' AND ');
  const select = db.prepare(`SELECT id FROM ${table} WHERE hash = ? AND ${where}`);
  const places = columns.map(() => '?').join(', ');
  const insert = db.prepare(`INSERT INTO ${table} (hash, ${columns.join(', ')}) VALUES (?, ${places})`);
  return {
    id(values: readonly string[]): number {
      // Quick, and not safe where a value holds the separator: so the values themselves decide.
      const key = values.join('\u0000');
      const cached = known.get(key);
      if (cached !== undefined && cached.values.every((value, index) => value === values[index])) return cached.id;
      const hash = hashOf(keyOf(values));
      const id = Number(select.get(hash, ...values)?.['id'] ?? insert.run(hash, ...values).lastInsertRowid);
      if (known.size >= MAX_CACHED) known.clear();
      known.set(key, { id, values });
      return id;
    },
    forget: () => known.clear(),
  };
}

/**
 * A price row is a rate card as applied: who, which card, which version; its rates are rows of their own, added as units
 * are met. The same card with another rate for a unit (a card that its id does not tell apart) becomes another row.
 */
function createPrices(db: DatabaseSync) {
  const known = new Map<string, CardRow[]>();
  const select = db.prepare(
    `SELECT id, own_lines, (SELECT json_group_object(unit, usd) FROM rate WHERE price = price.id) AS rates FROM price
     WHERE price_id = ? AND version = ? AND provider = ? AND model = ? AND source = ?`,
  );
  const insert = db.prepare(
    `INSERT INTO price (price_id, version, provider, model, source, own_lines) VALUES (?, ?, ?, ?, ?, ?) RETURNING id`,
  );
  const insertRate = db.prepare('INSERT INTO rate (price, unit, usd) VALUES (?, ?, ?)');

  function load(values: readonly string[]): CardRow[] {
    return select.all(...values).map((row) => {
      const rates = JSON.parse(String(row['rates'])) as Record<string, string>;
      return {
        id: Number(row['id']),
        ownLines: row['own_lines'] === 1,
        rates: new Map(Object.entries(rates).map(([unit, usd]) => [unit, parseUsd(usd)])),
      };
    });
  }

  return {
    find(charge: PricedCharge, counts: Counts): { readonly id: number; readonly ownLines: boolean } {
      const values = [charge.priceId, charge.priceVersion, charge.provider, charge.model, charge.source];
      const key = keyOf(values);
      let rows = known.get(key);
      if (rows === undefined) {
        rows = load(values);
        if (known.size >= MAX_CACHED) known.clear();
        known.set(key, rows);
      }
      const ownLines = !followsFromRates(charge, counts);
      const agrees = (row: CardRow): boolean =>
        row.ownLines === ownLines &&
        (ownLines || charge.lines.every((line) => (row.rates.get(line.unit) ?? line.rate) === line.rate));
      let row = rows.find(agrees);
      if (row === undefined) {
        row = { id: Number(insert.get(...values, ownLines ? 1 : 0)?.['id']), ownLines, rates: new Map() };
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

/** One line for every count, none besides, each quantity x rate. */
function followsFromRates(charge: PricedCharge, counts: Counts): boolean {
  const seen = new Set<Unit>();
  for (const line of charge.lines) {
    if (seen.has(line.unit) || counts[line.unit] !== line.quantity) return false;
    if (line.rate * BigInt(line.quantity) !== line.amount) return false;
    seen.add(line.unit);
  }
  return seen.size === Object.keys(counts).length;
}
