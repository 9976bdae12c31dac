import { SpanledgerError } from './errors.ts';
import type { Exporter } from './exporters/exporter.ts';
import type { Counters } from './metrics.ts';
import { countItems, type Signal } from './otlp/index.ts';
import type { Consume } from './receivers/intake.ts';

const counted = { logs: 'received_log_records', metrics: 'received_metrics' } as const;

export interface RelayOptions {
  readonly signal: Exclude<Signal, 'traces'>;
  /** Undefined: they end here. */
  readonly exporter: Exporter | undefined;
  readonly counters: Pick<Counters, 'add'>;
}

/** Hands requests on as they came. What is no OTLP is refused here: a backend would refuse it for ever. */
export function createRelay({ signal, exporter, counters }: RelayOptions): Consume {
  return async (body, encoding) => {
    const items = count(() => countItems(body, encoding, signal), signal);
    counters.add(counted[signal], items);
    if (items === 0 || exporter === undefined) return {};
    return exporter.forward({ signal, encoding, body, items });
  };
}

function count(items: () => number, signal: Signal): number {
  try {
    return items();
  } catch (error) {
    // What the parser says may quote the text, and that what somebody wrote.
    const reason = error instanceof RangeError ? 'it is nested too deeply' : 'it ends too early, or has another shape';
    throw new SpanledgerError('malformed_otlp', `not an OTLP request for ${signal}: ${reason}`, { cause: error });
  }
}
