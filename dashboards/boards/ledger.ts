import type { BoardSpec, Query } from '../panel.ts';

const ledger = '${schema}';
const customers = 'd.customer_id IN (${customer:sqlstring})';
const rollups = `${ledger}.rollup r JOIN ${ledger}.dimension d ON d.id = r.dimension`;
const [first, last] = ['$__unixEpochFrom() / 3600', '$__unixEpochTo() / 3600'];
const between = (from: string, to: string): string => `r.hour BETWEEN ${from} AND ${to} AND ${customers}`;
/** Sums by hour and dimensions; where hours are not kept any more, days stand under their first hour. */
const sums = (where = 'true'): string => `FROM ${rollups}\nWHERE ${between(first, last)} AND ${where}`;
/** No figure, not 0, where no call has a price. */
const priced = (when = 'true'): string => `sum(r.cost) FILTER (WHERE d.status = 'priced' AND ${when})`;
const priceless = "sum(r.calls) FILTER (WHERE d.status = 'unpriced')";
/** Of the month, in UTC, in which an instant lies, or of a later one: the number of its first hour. */
const monthOf = (instant: string, later = 0): string =>
  `extract(epoch FROM date_trunc('month', to_timestamp(${instant}) AT TIME ZONE 'UTC') + interval '${later} month') / 3600`;
/** Entries as they stand: even revisions count, odd ones take back. */
const calls = (where = 'true'): string =>
  `FROM ${ledger}.entry e JOIN ${ledger}.dimension d ON d.id = e.dimension JOIN ${ledger}.call_kind k ON k.id = e.kind
  LEFT JOIN ${ledger}.price p ON p.id = e.price
WHERE e.start_us BETWEEN $__unixEpochFrom() * 1000000::bigint AND $__unixEpochTo() * 1000000::bigint
  AND ${customers} AND ${where}`;
const sign = 'CASE WHEN e.rev % 2 = 0 THEN 1 ELSE -1 END';

const sql = (expr: string, legend = '', unit?: Query['unit']): Query => ({
  expr,
  legend,
  ...(unit === undefined ? {} : { unit }),
});

export const ledgerBoard: BoardSpec = {
  uid: 'spanledger-ledger',
  title: 'Spanledger / Ledger',
  help: 'The ledger itself, where it is in PostgreSQL: exact amounts, single calls, margins. Give Grafana a user that may only read.',
  source: 'postgres',
  filters: false,
  panels: [
    {
      title: 'Spent',
      help: 'The exact sum of all calls that began within the time range, whole hours of it.',
      kind: 'stat',
      unit: 'usd',
      width: 6,
      queries: [sql(`SELECT ${priced()} AS "Spent"\n${sums()}`)],
    },
    {
      title: 'Calls',
      help: 'Calls within the time range, priced or not.',
      kind: 'stat',
      unit: 'count',
      width: 6,
      queries: [sql(`SELECT sum(r.calls) AS "Calls"\n${sums()}`)],
    },
    {
      title: 'Without a price',
      help: 'Calls that no amount stands for. The table of reasons below says why; "spanledger reprice" charges them later.',
      kind: 'stat',
      unit: 'count',
      width: 6,
      warn: [1, 100],
      queries: [sql(`SELECT coalesce(sum(r.calls), 0) AS "Unpriced"\n${sums("d.status = 'unpriced'")}`)],
    },
    {
      title: 'Corrected',
      help: 'Calls that began within the time range and were repriced, taken back or replaced since.',
      kind: 'stat',
      unit: 'count',
      width: 6,
      queries: [sql(`SELECT count(DISTINCT e.span) AS "Corrected"\n${calls('e.rev > 0')}`)],
    },
    {
      title: 'Customers',
      help: 'Exact cost of each customer within the time range, and its share. The amount as text has all of its digits.',
      kind: 'table',
      unit: 'usd',
      width: 12,
      derive: ['customer_id'],
      queries: [
        sql(
          `SELECT d.customer_id, ${priced()} AS cost, sum(r.calls) AS calls,
  sum(r.cost) / nullif(sum(sum(r.cost)) OVER (), 0) AS share, trim_scale(${priced()})::text AS exact
${sums()}
GROUP BY d.customer_id ORDER BY cost DESC NULLS LAST LIMIT 1000`,
        ),
      ],
      columns: { calls: 'count', share: 'share' },
    },
    {
      title: 'Margin by customer and month',
      help: 'Revenue as imported, cost of the same months of UTC, and what is left: whole months, of every one that the time range touches. Customers without revenue have no margin: that is a dash, not 100 %. Calls without a price are not in it.',
      kind: 'table',
      unit: 'usd',
      width: 12,
      derive: ['customer_id'],
      queries: [
        sql(
          `WITH cost AS (
  SELECT to_char(to_timestamp(r.hour * 3600::bigint) AT TIME ZONE 'UTC', 'YYYY-MM') AS month, d.customer_id,
    ${priced()} AS cost, ${priceless} AS unpriced
  FROM ${rollups}
  WHERE ${between(monthOf('$__unixEpochFrom()'), `${monthOf('$__unixEpochTo()', 1)} - 1`)}
  GROUP BY 1, 2
), revenue AS (
  SELECT month, customer_id, sum(amount) AS revenue FROM ${ledger}.revenue GROUP BY 1, 2
)
SELECT month, customer_id, revenue, cost, revenue - cost AS margin, (revenue - cost) / nullif(revenue, 0) AS margin_share,
  unpriced
FROM cost LEFT JOIN revenue USING (month, customer_id) ORDER BY month DESC, margin NULLS LAST LIMIT 1000`,
        ),
      ],
      columns: { margin_share: 'share', unpriced: 'count' },
    },
    {
      title: 'Cost over time by feature',
      help: 'What each hour, or each day of a longer range, cost by feature.',
      kind: 'graph',
      unit: 'usd',
      width: 24,
      queries: [
        sql(
          `SELECT to_timestamp(r.hour / s.step * s.step * 3600::bigint) AS time, d.feature AS metric, ${priced()} AS value
FROM (SELECT CASE WHEN $__unixEpochTo() - $__unixEpochFrom() > 259200 THEN 24 ELSE 1 END AS step) s, ${rollups}
WHERE ${between(first, last)}
GROUP BY 1, 2 ORDER BY 1`,
        ),
      ],
    },
    {
      title: 'Features that grow',
      help: 'Cost within the time range beside the same length of time before it.',
      kind: 'table',
      unit: 'usd',
      width: 12,
      derive: ['feature'],
      queries: [
        sql(
          `SELECT d.feature, ${priced(`r.hour >= ${first}`)} AS cost, ${priced(`r.hour < ${first}`)} AS before,
  coalesce(${priced(`r.hour >= ${first}`)}, 0) - coalesce(${priced(`r.hour < ${first}`)}, 0) AS growth
FROM ${rollups}
WHERE ${between('(2 * $__unixEpochFrom()::bigint - $__unixEpochTo()) / 3600', last)}
GROUP BY d.feature ORDER BY growth DESC LIMIT 100`,
        ),
      ],
    },
    {
      title: 'What was charged by which price',
      help: 'Calls and cost within the time range by rate card and version: what an auditor asks first.',
      kind: 'table',
      unit: 'usd',
      width: 12,
      queries: [
        sql(
          `SELECT p.provider, p.model, p.price_id, p.version, p.source, sum(${sign}) AS calls, sum(${sign} * e.cost) AS cost
${calls('e.price IS NOT NULL')}
GROUP BY 1, 2, 3, 4, 5 ORDER BY cost DESC LIMIT 1000`,
        ),
      ],
      columns: { calls: 'count' },
    },
    {
      title: 'Without a price, by reason',
      help: 'Calls within the time range by reason and by the words of the span.',
      kind: 'table',
      unit: 'count',
      width: 12,
      queries: [
        sql(
          `SELECT k.unpriced_reason AS reason, k.sent_provider AS provider, k.sent_model AS model, sum(${sign}) AS calls
${calls("d.status = 'unpriced'")}
GROUP BY 1, 2, 3 ORDER BY calls DESC LIMIT 100`,
        ),
      ],
    },
    {
      title: 'Usage that the provider did not report',
      help: 'Calls within the time range whose counts were estimated or cut short, and what they were charged.',
      kind: 'table',
      unit: 'usd',
      width: 12,
      queries: [
        sql(
          `SELECT k.usage_state, k.dialect, sum(${sign}) AS calls, sum(${sign} * e.cost) AS cost
${calls()}
GROUP BY 1, 2 ORDER BY calls DESC LIMIT 100`,
        ),
      ],
      columns: { calls: 'count' },
    },
    {
      title: 'Dearest calls',
      help: 'Single calls within the time range, the dearest first. Click a trace to see what the application was doing.',
      kind: 'table',
      unit: 'usd',
      width: 24,
      derive: ['customer_id', 'feature'],
      trace: 'trace_id',
      queries: [
        sql(
          `SELECT to_timestamp(e.start_us / 1e6) AS time, d.customer_id, d.feature, d.model, e.input + e.cache_read AS input,
  e.output, e.cost, e.duration_us / 1e6 AS seconds, substr(encode(e.span, 'hex'), 1, 32) AS trace_id
${calls(`e.rev % 2 = 0 AND NOT EXISTS (
    SELECT FROM ${ledger}.entry later WHERE later.start_us = e.start_us AND later.span = e.span AND later.rev > e.rev)`)}
ORDER BY e.cost DESC LIMIT 50`,
        ),
      ],
      columns: { input: 'tokens', output: 'tokens', seconds: 'seconds' },
    },
  ],
};
