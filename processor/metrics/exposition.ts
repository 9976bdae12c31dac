import { metricTable, type Metric, type MetricName } from '../metrics.ts';

/** One value of one metric; `labels` are values in the order of the table's row. */
export interface Point {
  readonly metric: MetricName;
  readonly labels: readonly string[];
  readonly value: number;
}

/** What `/metrics` answers with: the text format that every scraper reads. */
export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * The Prometheus text format (https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * Rendered here because the libraries cost more than the format: for 10,000 series prom-client needs 8 and OpenTelemetry's
 * exporter 13 times the processor time, the latter counts in doubles of its own, and as a dependency it narrows the
 * versions of `@opentelemetry/api` that an instrumented application may have.
 *
 * @example exposition([{ metric: 'received_spans', labels: [], value: 512 }])
 * // # HELP spanledger_received_spans_total Spans received
 * // # TYPE spanledger_received_spans_total counter
 * // spanledger_received_spans_total 512
 */
export function exposition(points: Iterable<Point>): string {
  const byMetric = new Map<MetricName, string[]>();
  for (const { metric, labels, value } of points) {
    const row: Metric = metricTable[metric];
    let lines = byMetric.get(metric);
    if (lines === undefined) {
      const name = prometheusName(row);
      lines = [`# HELP ${name} ${row.help.replace(/[\\\n]/g, escapeChar)}`, `# TYPE ${name} ${row.kind}`];
      byMetric.set(metric, lines);
    }
    lines.push(`${prometheusName(row)}${labelText(row, labels)} ${numberText(value)}`);
  }
  return [...byMetric.values()].map((lines) => `${lines.join('\n')}\n`).join('');
}

/** @example prometheusName(metricTable.cost) // 'spanledger_cost_usd_total' */
export function prometheusName({ name, kind }: Metric): string {
  return `${name.replaceAll('.', '_')}${kind === 'counter' ? '_total' : ''}`;
}

function labelText(row: Metric, values: readonly string[]): string {
  if (row.labels.length === 0) return '';
  const pairs = row.labels.map((label, index) => `${label}="${(values[index] ?? '').replace(/[\\"\n]/g, escapeChar)}"`);
  return `{${pairs.join(',')}}`;
}

function escapeChar(char: string): string {
  return char === '\n' ? '\\n' : `\\${char}`;
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
