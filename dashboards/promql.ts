/** PromQL from the rows of the metric table: a name or a label that is not there is a type error, not an empty panel. */
import { metricTable, type MetricName } from '../processor/metrics.ts';
import { prometheusName } from '../processor/metrics/exposition.ts';

type Labels<Name extends MetricName> = (typeof metricTable)[Name]['labels'][number];

/** Of every board about spend; the variables are Grafana's. */
const spendFilter = 'team=~"$team",plan=~"$plan",environment=~"$environment"';
const filtered: ReadonlySet<MetricName> = new Set(['cost', 'tokens', 'calls']);

/**
 * A metric's series, spend by the board's variables.
 *
 * @example series('calls', 'status="priced"') // spanledger_calls_total{team=~"$team",…,status="priced"}
 */
export function series(metric: MetricName, matchers = ''): string {
  const all = [filtered.has(metric) ? spendFilter : '', matchers].filter(Boolean).join(',');
  return `${prometheusName(metricTable[metric])}${all === '' ? '' : `{${all}}`}`;
}

/** What was added within the board's time range. */
export function added(metric: MetricName, matchers = '', window = '$__range'): string {
  return `increase(${series(metric, matchers)}[${window}])`;
}

/** @example sumBy('cost', ['feature'], added('cost')) // sum by (feature) (increase(…)) */
export function sumBy<Name extends MetricName>(_metric: Name, by: readonly Labels<Name>[], expr: string): string {
  return by.length === 0 ? `sum(${expr})` : `sum by (${by.join(', ')}) (${expr})`;
}

/** What was added within the range, by labels. */
export function addedBy<Name extends MetricName>(metric: Name, by: readonly Labels<Name>[], matchers = ''): string {
  return sumBy(metric, by, added(metric, matchers));
}

/** For graphs: what was added within each step of the graph. */
export function stepsBy<Name extends MetricName>(metric: Name, by: readonly Labels<Name>[], matchers = ''): string {
  return sumBy(metric, by, added(metric, matchers, '$__interval'));
}

/** For graphs: a second's worth. */
export function ratesBy<Name extends MetricName>(metric: Name, by: readonly Labels<Name>[], matchers = ''): string {
  return sumBy(metric, by, `rate(${series(metric, matchers)}[$__rate_interval])`);
}

/** Each part's share of the sum of all parts, 0 to 1. */
export function shareOf(parts: string): string {
  return `${parts} / scalar(sum(${parts}))`;
}

/** None where nothing was added, rather than NaN. */
export function per(what: string, each: string): string {
  return `${what} / (${each} > 0)`;
}
