import { readDuration } from './budgets/duration.ts';
import type { Place, YamlReader } from './budgets/yaml.ts';
import { readHeaders } from './config-forward.ts';
import { readMetricsEndpoint } from './config-values.ts';
import type { MetricsPush } from './metrics/push.ts';

const shapes = {
  metrics: { keys: ['otlp'] },
  otlp: { keys: ['endpoint', 'headers', 'interval'], required: ['endpoint'] },
} as const;

/** As OTEL_METRIC_EXPORT_INTERVAL has it by default. */
const INTERVAL_MS = 60_000;

/** `metrics.otlp`: where the metrics are sent, besides being there for scrapes. */
export function readMetrics(yaml: YamlReader, place: Place): MetricsPush | undefined {
  const otlp = yaml.fields(place, shapes.metrics)?.get('otlp');
  const fields = otlp === undefined ? undefined : yaml.fields(otlp, shapes.otlp);
  if (fields === undefined) return undefined;
  const value = <T>(key: string, read: (text: string) => T): T | undefined => {
    const at = fields.get(key);
    return at === undefined ? undefined : yaml.value(at, read);
  };
  const endpoint = value('endpoint', readMetricsEndpoint);
  const intervalMs = value('interval', readInterval) ?? INTERVAL_MS;
  const headers = readHeaders(yaml, fields.get('headers'));
  return endpoint === undefined ? undefined : { endpoint, headers, intervalMs };
}

/** A timer of Node is at most 24.8 days; nobody wants metrics that old. */
function readInterval(text: string): number {
  const ms = readDuration(text) / 1000;
  if (ms < 1_000 || ms > 86_400_000) throw new RangeError('an interval is between 1s and 1d');
  return ms;
}
