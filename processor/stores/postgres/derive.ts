import type { ClientBase } from 'pg';
import { parseUsd, type FemtoUsd } from '../../../pricing/money.ts';
import type { Unit } from '../../../pricing/usage/units.ts';
import type { CostQuery, Derivation, DerivationLine, UnpricedLine } from '../../ledger.ts';
import { columnUnits, readLine, type More } from '../entry-more.ts';
import { sign, type Row } from './entry-row.ts';
import { condition } from './matchers.ts';
import { readProgress } from './progress.ts';
import { decodeText } from './texts.ts';

type Card = Pick<DerivationLine, 'provider' | 'model' | 'priceId' | 'priceVersion' | 'source'>;

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
export async function deriveCosts(
  client: ClientBase,
  s: string,
  query: Pick<CostQuery, 'where' | 'from' | 'to'>,
): Promise<Derivation> {
  const { kept } = await readProgress(client, s);
  const where = await condition(client, s, 'e.dimension', query.where, 3);
  const range = `e.start_us >= $1 AND e.start_us < $2${where.sql}`;
  const values = [Math.max(query.from, kept), query.to, ...where.values];
  const ask = async (sql: string): Promise<readonly Row[]> => (await client.query<Row>(sql, values)).rows;
  const sums = new Map<string, Sum>();
  const priced = `FROM ${s}.entry e JOIN ${s}.price p ON p.id = e.price WHERE ${range}`;
  const units = columnUnits
    .map(
      (unit) => `sum(${sign} * ${unit}) AS ${unit}, sum(${sign} * (${unit} > 0)::int) AS calls_${unit},
      sum((${unit} > 0)::int) AS used_${unit}`,
    )
    .join(', ');
  for (const row of await ask(`SELECT p.*, c.* FROM (
      SELECT e.price, ${units} FROM ${s}.entry e WHERE ${range} AND price IS NOT NULL GROUP BY 1
    ) c JOIN ${s}.price p ON p.id = c.price WHERE p.own_lines = 'no'`)) {
    const rates = ratesOf(row);
    for (const unit of columnUnits)
      if (Number(row[`used_${unit}`]) > 0)
        addQuantity(sums, row, unit, rates, BigInt(row[unit] ?? 0), Number(row[`calls_${unit}`]));
  }
  // Units without a column, and lines of their own.
  for (const row of await ask(`SELECT p.*, ${sign} AS sign, e.more ${priced}
      AND (p.own_lines = 'yes' OR e.more LIKE '%"units":%')`)) {
    const more = JSON.parse(String(row['more'])) as More;
    const factor = Number(row['sign']);
    if (row['own_lines'] === 'yes') {
      for (const own of more.lines ?? []) {
        const { unit, rate, quantity, amount } = readLine(own);
        add(sums, row, unit, rate, BigInt(factor * quantity), factor, BigInt(factor) * amount);
      }
    } else
      for (const [unit, count] of Object.entries(more.units ?? {}))
        addQuantity(sums, row, unit as Unit, ratesOf(row), BigInt(factor * count), factor);
  }
  const [total] = await ask(`SELECT coalesce(sum(${sign} * cost), 0) AS total FROM ${s}.entry e WHERE ${range}`);
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
    rate,
    quantity: Number(quantity),
    calls,
    amount,
  }));
  return {
    lines: lines.toSorted((a, b) => (a.amount < b.amount ? 1 : a.amount > b.amount ? -1 : 0)),
    unpriced: (await ask(unpricedSql(s, range))).map(unpricedLine),
    total: parseUsd(String(total?.['total'])),
  };
}

function ratesOf(row: Row): ReadonlyMap<string, FemtoUsd> {
  const rates = JSON.parse(String(row['rates'])) as Record<string, string>;
  return new Map(Object.entries(rates).map(([unit, usd]) => [unit, parseUsd(usd)]));
}

function addQuantity(
  sums: Map<string, Sum>,
  row: Row,
  unit: Unit,
  rates: ReadonlyMap<string, FemtoUsd>,
  quantity: bigint,
  calls: number,
): void {
  const rate = rates.get(unit) ?? 0n;
  add(sums, row, unit, rate, quantity, calls, rate * quantity);
}

function add(
  sums: Map<string, Sum>,
  row: Row,
  unit: Unit,
  rate: FemtoUsd,
  quantity: bigint,
  calls: number,
  amount: FemtoUsd,
): void {
  const text = (name: string): string => decodeText(String(row[name]));
  const card: Card = {
    provider: text('provider'),
    model: text('model'),
    priceId: text('price_id'),
    priceVersion: text('version'),
    source: text('source') as DerivationLine['source'],
  };
  const key = JSON.stringify([...Object.values(card), row['own_lines'], unit, String(rate)]);
  const sum = sums.get(key) ?? { card, unit, rate, quantity: 0n, calls: 0, amount: 0n };
  sum.quantity += quantity;
  sum.calls += calls;
  sum.amount += amount;
  sums.set(key, sum);
}

const unpricedSql = (s: string, range: string): string => `SELECT d.provider, d.model, k.unpriced_reason AS reason,
    sum(${sign}) AS calls,
    sum(${sign} * (input + cache_read + cache_write_5m + cache_write_1h + cache_write + more_input)) AS input,
    sum(${sign} * (output + reasoning + more_output)) AS output
  FROM ${s}.entry e JOIN ${s}.dimension d ON d.id = e.dimension JOIN ${s}.call_kind k ON k.id = e.kind
  WHERE ${range} AND price IS NULL GROUP BY 1, 2, 3 HAVING sum(${sign}) > 0 ORDER BY 4 DESC`;

function unpricedLine(row: Row): UnpricedLine {
  return {
    provider: decodeText(String(row['provider'])),
    model: decodeText(String(row['model'])),
    reason: String(row['reason']),
    calls: Number(row['calls']),
    inputTokens: Number(row['input']),
    outputTokens: Number(row['output']),
  };
}
