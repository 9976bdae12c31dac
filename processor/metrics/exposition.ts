import type { Micros } from '../../pricing/charge.ts';
import { ledgerNames, metricTable, type Metric, type MetricName } from '../metrics.ts';

/** One value of one metric; `labels` are values in the order of the table's row. */
export interface Point {
  readonly metric: MetricName;
  readonly labels: readonly string[];
  readonly value: number;
}

export type ExpositionFormat = 'text' | 'openmetrics';

/** What `/metrics` answers with: the text that every scraper reads, or OpenMetrics where one asks for it. */
export const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** When counters were 0. */
export interface Starts {
  /** The ledger's first entry: the sums of the ledger go on over restarts, and so does their start. */
  readonly ledger: Micros;
  /** The start of the process, for what it counts itself. */
  readonly process: Micros;
}

/** @example startOf('cost', starts) // starts.ledger */
export function startOf(metric: MetricName, starts: Starts): Micros {
  return ledgerNames.has(metric) ? starts.ledger : starts.process;
}

/**
 * The Prometheus text format (https://prometheus.io/docs/instrumenting/exposition_formats/), or OpenMetrics
 * (https://prometheus.io/docs/specs/om/open_metrics_spec/), which knows when a counter was 0: `starts` adds `_created` to
 * each counter. That is left to who asks, as a Prometheus that doesn't know the sample stores it as one more series.
 *
 * Rendered here because the libraries cost more than the format: of 100,000 series prom-client made the text in 0.4 s and
 * OpenTelemetry's exporter in 0.67 s of processor time, from doubles of their own; and OpenTelemetry's, as a dependency,
 * narrows the versions of `@opentelemetry/api` that an instrumented application may have.
 *
 * @example exposition([{ metric: 'received_spans', labels: [], value: 512 }])
 * // # HELP spanledger_received_spans_total Spans received
 * // # TYPE spanledger_received_spans_total counter
 * // spanledger_received_spans_total 512
 */
export function exposition(points: Iterable<Point>, format: ExpositionFormat = 'text', starts?: Starts): string {
  const blocks = new Map<MetricName, Block>();
  for (const { metric, labels, value } of points) {
    let block = blocks.get(metric);
    if (block === undefined) {
      block = newBlock(metric, format, starts);
      blocks.set(metric, block);
    }
    const written = labelText(block.labels, labels);
    block.text += `${block.name}${written} ${numberText(value)}\n`;
    if (block.created !== undefined) block.text += `${block.created.name}${written} ${block.created.at}\n`;
  }
  let text = '';
  for (const block of blocks.values()) text += block.text;
  return format === 'openmetrics' ? `${text}# EOF\n` : text;
}

interface Block {
  readonly name: string;
  readonly labels: readonly string[];
  readonly created: { readonly name: string; readonly at: string } | undefined;
  text: string;
}

function newBlock(metric: MetricName, format: ExpositionFormat, starts: Starts | undefined): Block {
  const row: Metric = metricTable[metric];
  const name = prometheusName(row);
  // In OpenMetrics a counter is named without "_total", which belongs to its sample.
  const family = format === 'text' ? name : name.replace(/_total$/, '');
  const help = format === 'text' ? row.help.replaceAll('\\', '\\\\') : escaped(row.help);
  const counts = row.kind === 'counter' && format === 'openmetrics' && starts !== undefined;
  return {
    name,
    labels: row.labels,
    created: counts ? { name: `${family}_created`, at: String(startOf(metric, starts) / 1_000_000) } : undefined,
    text: `# HELP ${family} ${help}\n# TYPE ${family} ${row.kind}\n`,
  };
}

/** @example prometheusName(metricTable.cost) // 'spanledger_cost_usd_total' */
export function prometheusName({ name, kind }: Metric): string {
  return `${name.replaceAll('.', '_')}${kind === 'counter' ? '_total' : ''}`;
}

function labelText(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return '';
  let text = '{';
  for (let index = 0; index < names.length; index++)
    text += `${index === 0 ? '' : ','}${names[index]}="${escaped(values[index] ?? '')}"`;
  return `${text}}`;
}

function escaped(text: string): string {
  if (!/[\\"\n]/.test(text)) return text;
  return text.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
