import type { DatabaseSync } from 'node:sqlite';
import { parseUsd, type FemtoUsd } from '../../../pricing/money.ts';
import type { Unit } from '../../../pricing/usage/units.ts';
import type { CostQuery, Derivation, DerivationLine, UnpricedLine } from '../../ledger.ts';
import { entrySumColumns, joinSums, sign } from './amount.ts';
import { columnUnits, readLine } from './entry-row.ts';
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

/** From the entries: every line is quantity x rate, and all lines sum to the total exactly. */
export function deriveCosts(db: DatabaseSync, query: Pick<CostQuery, 'where' | 'from' | 'to'>): Derivation {
  const where = condition('dimension', query.where);
  const range = `start_us >= ? AND start_us < ?${where.sql}`;
  const values = [Math.max(query.from, readProgress(db).kept), query.to, ...where.values];
  const cards = readCards(db, range, values);
  const sums = new Map<string, Sum>();
  addColumns(db, range, values, cards, sums);
  addMore(db, range, values, cards, sums);
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
  const total = bigRow(db, `SELECT ${entrySumColumns} FROM entry WHERE ${range}`, values);
  return {
    lines: lines.toSorted((a, b) => (a.amount < b.amount ? 1 : a.amount > b.amount ? -1 : 0)),
    unpriced: readUnpriced(db, range, values),
    total: joinSums(total[0] ?? 0n, total[1] ?? 0n, total[2] ?? 0n),
  };
}

type Values = readonly (string | number)[];

function readCards(db: DatabaseSync, range: string, values: Values): Map<number, Card> {
  const rows = db
    .prepare(
      `SELECT *, (SELECT json_group_object(unit, usd) FROM rate WHERE price = price.id) AS rates FROM price
       WHERE id IN (SELECT DISTINCT price FROM entry WHERE ${range})`,
    )
    .all(...values);
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

function addColumns(db: DatabaseSync, range: string, values: Values, cards: Map<number, Card>, sums: Map<string, Sum>) {
  const columns = columnUnits
    .map((unit) => `sum(${sign} * ${unit}), sum(${sign} * (${unit} > 0)), sum(${unit} > 0)`)
    .join(', ');
  const sql = `SELECT price, ${columns} FROM entry WHERE ${range} AND price IS NOT NULL GROUP BY price`;
  for (const row of bigRows(db, sql, values)) {
    const [price = 0n, ...rest] = row as bigint[];
    const card = cards.get(Number(price));
    if (card === undefined || card.ownLines) continue;
    columnUnits.forEach((unit, index) => {
      const [quantity = 0n, calls, used = 0n] = rest.slice(index * 3, index * 3 + 3);
      if (used > 0n) addQuantity(sums, Number(price), card, unit, quantity, Number(calls));
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

function bigRow(db: DatabaseSync, sql: string, values: Values): bigint[] {
  return (bigRows(db, sql, values)[0] ?? []) as bigint[];
}
