import type { Micros } from '../../pricing/charge.ts';
import { metricTable, type Metric, type MetricName } from '../metrics.ts';
import { packageVersion } from '../version.ts';
import { startOf, type Point, type Starts } from './exposition.ts';

/** `AGGREGATION_TEMPORALITY_CUMULATIVE` of opentelemetry/proto/metrics/v1: sums since `startTimeUnixNano`. */
const CUMULATIVE = 2;

interface Series {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly dataPoints: unknown[];
}

/**
 * The same points as `/metrics`, as an OTLP request in its JSON encoding: the names of OpenTelemetry, counters as cumulative
 * sums with their start. Of our own making, as OpenTelemetry's exporter narrows the versions of `@opentelemetry/api` that an
 * instrumented application may have.
 *
 * @param now of the points
 * @param instance `service.instance.id`
 * @example otlpMetrics(collectMetrics(sources, now), starts, now, 'host:9464') // {"resourceMetrics":[…]}
 */
export function otlpMetrics(points: Iterable<Point>, starts: Starts, now: Micros, instance: string): string {
  const all = new Map<MetricName, Series>();
  const time = nanos(now);
  const [ledgerStart, processStart] = [nanos(starts.ledger), nanos(starts.process)];
  for (const { metric, labels, value } of points) {
    const row: Metric = metricTable[metric];
    let series = all.get(metric);
    if (series === undefined) {
      series = { name: row.name, unit: row.unit, description: row.help, dataPoints: [] };
      all.set(metric, series);
    }
    const attributes = row.labels.map((key, index) => ({ key, value: { stringValue: labels[index] ?? '' } }));
    const startTimeUnixNano = startOf(metric, starts) === starts.ledger ? ledgerStart : processStart;
    series.dataPoints.push(
      row.kind === 'counter'
        ? { attributes, startTimeUnixNano, timeUnixNano: time, asDouble: value }
        : { attributes, timeUnixNano: time, asDouble: value },
    );
  }
  const metrics = Array.from(all, ([metric, { dataPoints, ...named }]) =>
    metricTable[metric].kind === 'counter'
      ? { ...named, sum: { dataPoints, aggregationTemporality: CUMULATIVE, isMonotonic: true } }
      : { ...named, gauge: { dataPoints } },
  );
  const version = packageVersion();
  const resource = [
    ['service.name', 'spanledger'],
    ['service.version', version],
    ['service.instance.id', instance],
  ].map(([key, stringValue]) => ({ key, value: { stringValue } }));
  return JSON.stringify({
    resourceMetrics: [
      { resource: { attributes: resource }, scopeMetrics: [{ scope: { name: 'spanledger', version }, metrics }] },
    ],
  });
}

/** OTLP/JSON writes 64-bit integers as strings. */
function nanos(at: Micros): string {
  return `${Math.floor(at)}000`;
}
