import type { DatabaseSync } from 'node:sqlite';
import { parseUsd, type FemtoUsd } from '../../../pricing/money.ts';
import type { Unit } from '../../../pricing/usage/units.ts';
import type { CostQuery, Derivation, DerivationLine, UnpricedLine } from '../../ledger.ts';
import { columnUnits, readLine } from '../entry-more.ts';
import { joinSums, sign, sumColumns } from './amount.ts';
import { condition } from './matchers.ts';
import { readProgress } from './progress.ts';

interface Card {
  readonly provider: string;
  readonly model: string;
  readonly priceId: string;
  readonly priceVersion: string;
  readonly source: DerivationLine['source'];
  readonly ownLines: boolean;
  readonly rates: ReadonlyMap<string, FemtoUsd>;
}

/** A line being summed. Own lines may be rounded by whoever gave them, so their amounts are summed, not multiplied. */
interface Sum {
  readonly card: Card;
  readonly unit: Unit;
  readonly rate: FemtoUsd;
  quantity: bigint;
  calls: number;
  amount: FemtoUsd;
}

/**
 * From the entries: every line is quantity x rate, and all lines sum to the total exactly. They are read once, by price; again
 * only where something has no column, or no price.
 */
export function deriveCosts(db: DatabaseSync, query: Pick<CostQuery, 'where' | 'from' | 'to'>): Derivation {
  const where = condition('dimension', query.where);
  const range = `start_us >= ? AND start_us < ?${where.sql}`;
  const values = [Math.max(query.from, readProgress(db).kept), query.to, ...where.values];
  const groups = readGroups(db, range, values);
  const cards = readCards(db, groups);
  const sums = new Map<string, Sum>();
  addColumns(groups, cards, sums);
  if (groups.some(({ price, hasMore }) => price !== undefined && hasMore)) addMore(db, range, values, cards, sums);
  // What is left of a line that was taken back whole is no line.
  const left = [...sums.values()].filter(
    ({ quantity, calls, amount }) => quantity !== 0n || calls > 0 || amount !== 0n,
  );
  const lines = left.map(({ card, unit, rate, quantity, calls, amount }): DerivationLine => ({
    provider: card.provider,
    model: card.model,
    priceId: card.priceId,
    priceVersion: card.priceVersion,
    source: card.source,
    unit,
    quantity: Number(quantity),
    calls,
    rate,
    amount,
  }));
  return {
    lines: lines.toSorted((a, b) => (a.amount < b.amount ? 1 : a.amount > b.amount ? -1 : 0)),
    unpriced: groups.some(({ price }) => price === undefined) ? readUnpriced(db, range, values) : [],
    total: groups.reduce((sum, { sign, amount }) => sum + sign * amount, 0n),
  };
}

type Values = readonly (string | number)[];

/** The entries of one price, or of none: those that count, or those that take back. */
interface Group {
  readonly price: number | undefined;
  readonly sign: bigint;
  readonly amount: FemtoUsd;
  /** Whether some have units without a column, or lines of their own. */
  readonly hasMore: boolean;
  /** Of each column: quantity, and in how many entries. */
  readonly columns: readonly bigint[];
}

function readGroups(db: DatabaseSync, range: string, values: Values): Group[] {
  const columns = columnUnits.map((unit) => `sum(${unit}), sum(${unit} > 0)`).join(', ');
  const sql = `SELECT price, rev & 1, ${sumColumns}, sum(more IS NOT NULL), ${columns} FROM entry WHERE ${range} GROUP BY 1, 2`;
  return bigRows(db, sql, values).map((row) => {
    const [price, odd, high = 0n, low = 0n, rem = 0n, more, ...rest] = row as (bigint | null)[] as bigint[];
    return {
      price: price === null ? undefined : Number(price),
      sign: odd === 0n ? 1n : -1n,
      amount: joinSums(high, low, rem),
      hasMore: more !== 0n,
      columns: rest,
    };
  });
}

function readCards(db: DatabaseSync, groups: readonly Group[]): Map<number, Card> {
  const ids = JSON.stringify(groups.flatMap(({ price }) => price ?? []));
  const rows = db
    .prepare(
      `SELECT *, (SELECT json_group_object(unit, usd) FROM rate WHERE price = price.id) AS rates FROM price
       WHERE id IN (SELECT value FROM json_each(?))`,
    )
    .all(ids);
  return new Map(
    rows.map((row) => [
      Number(row['id']),
      {
        provider: String(row['provider']),
        model: String(row['model']),
        priceId: String(row['price_id']),
        priceVersion: String(row['version']),
        source: String(row['source']) as DerivationLine['source'],
        ownLines: row['own_lines'] === 1,
        rates: new Map(
          Object.entries(JSON.parse(String(row['rates'])) as Record<string, string>).map(([unit, usd]) => [
            unit,
            parseUsd(usd),
          ]),
        ),
      },
    ]),
  );
}

function addColumns(groups: readonly Group[], cards: Map<number, Card>, sums: Map<string, Sum>) {
  for (const { price, sign, columns } of groups) {
    const card = price === undefined ? undefined : cards.get(price);
    if (price === undefined || card === undefined || card.ownLines) continue;
    columnUnits.forEach((unit, index) => {
      const [quantity = 0n, calls = 0n] = columns.slice(index * 2, index * 2 + 2);
      if (calls > 0n) addQuantity(sums, price, card, unit, sign * quantity, Number(sign * calls));
    });
  }
}

/** Units without a column, and lines of their own. */
function addMore(db: DatabaseSync, range: string, values: Values, cards: Map<number, Card>, sums: Map<string, Sum>) {
  const sql = `SELECT price, ${sign}, more FROM entry WHERE ${range} AND price IS NOT NULL
    AND (more ->> 'units' IS NOT NULL OR more ->> 'lines' IS NOT NULL)`;
  for (const [price, factor = 1n, json] of bigRows(db, sql, values) as [bigint, bigint, string][]) {
    const card = cards.get(Number(price));
    if (card === undefined) continue;
    const more = JSON.parse(json) as { units?: Record<Unit, number>; lines?: Parameters<typeof readLine>[0][] };
    if (card.ownLines) {
      for (const own of more.lines ?? []) {
        const line = readLine(own);
        const [quantity, amount] = [factor * BigInt(line.quantity), factor * line.amount];
        addAmount(sums, Number(price), card, line.unit, line.rate, quantity, Number(factor), amount);
      }
    } else
      for (const [unit, count] of Object.entries(more.units ?? {}))
        addQuantity(sums, Number(price), card, unit as Unit, factor * BigInt(count), Number(factor));
  }
}

function addQuantity(sums: Map<string, Sum>, price: number, card: Card, unit: Unit, quantity: bigint, calls: number) {
  const rate = card.rates.get(unit) ?? 0n;
  addAmount(sums, price, card, unit, rate, quantity, calls, rate * quantity);
}

function addAmount(
  sums: Map<string, Sum>,
  price: number,
  card: Card,
  unit: Unit,
  rate: FemtoUsd,
  quantity: bigint,
  calls: number,
  amount: FemtoUsd,
) {
  const key = `${price}/${unit}/${rate}`;
  const sum = sums.get(key) ?? { card, unit, rate, quantity: 0n, calls: 0, amount: 0n };
  sum.quantity += quantity;
  sum.calls += calls;
  sum.amount += amount;
  sums.set(key, sum);
}

function readUnpriced(db: DatabaseSync, range: string, values: Values): UnpricedLine[] {
  const sql = `SELECT d.provider, d.model, k.unpriced_reason, sum(${sign}),
      sum(${sign} * (input + cache_read + cache_write_5m + cache_write_1h + cache_write + coalesce(more ->> 'input_tokens', 0))),
      sum(${sign} * (output + reasoning + coalesce(more ->> 'output_tokens', 0)))
    FROM entry JOIN dimension d ON d.id = entry.dimension JOIN call_kind k ON k.id = entry.kind
    WHERE ${range} AND price IS NULL GROUP BY 1, 2, 3 HAVING sum(${sign}) > 0 ORDER BY 4 DESC`;
  return bigRows(db, sql, values).map(([provider, model, reason, calls, input, output]) => ({
    provider: String(provider),
    model: String(model),
    reason: String(reason),
    calls: Number(calls),
    inputTokens: Number(input),
    outputTokens: Number(output),
  }));
}

function bigRows(db: DatabaseSync, sql: string, values: Values): (string | bigint)[][] {
  const statement = db.prepare(sql);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  return statement.all(...values) as unknown as (string | bigint)[][];
}
