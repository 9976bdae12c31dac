import { ageDays } from '../../pricing/audit.ts';
import type { Micros } from '../../pricing/charge.ts';
import type { Ledger } from '../ledger.ts';
import type { Window } from '../window.ts';
import type { LivePrices } from '../live-prices.ts';
import type { SpoolState } from '../exporters/index.ts';
import type { Counters } from '../metrics.ts';
import { isoTime } from './time.ts';

export interface StatusSources {
  readonly version: string;
  readonly ledger: Pick<Ledger, 'firstUs'> & { readonly window: Pick<Window, 'waiting'> };
  /** For people: which store, and where it is. No secret. */
  readonly location: { readonly kind: string; readonly location: string };
  readonly prices: Pick<LivePrices, 'version' | 'checked' | 'models' | 'held'>;
  readonly counters: Counters;
  /** What waits for each of the backends that spans go on to. */
  readonly spools?: (() => readonly SpoolState[]) | undefined;
  /** Where spans are sent to, as far as it is known. */
  readonly otlpUrl?: (() => string | undefined) | undefined;
}

/** What the processor is and what it has received since it started. */
export async function statusJson(sources: StatusSources, now: Micros) {
  const { counters, prices } = sources;
  const first = await sources.ledger.firstUs();
  const scopes = [...counters.labelled('other_spans')].toSorted(([, a], [, b]) => b - a);
  const otlpUrl = sources.otlpUrl?.();
  return {
    version: sources.version,
    ledger: { ...sources.location, first: first === undefined ? null : isoTime(first) },
    prices: {
      version: prices.version,
      checked: prices.checked,
      age_days: ageDays(prices.checked, now),
      models: prices.models,
      held: prices.held,
    },
    received: {
      spans: counters.get('received_spans'),
      calls: counters.get('received_calls'),
      duplicates: counters.get('duplicate_calls'),
      other_spans: counters.get('other_spans'),
      scopes: scopes.map(([scope, spans]) => ({ scope, spans })),
    },
    held_back: await heldJson(sources),
    forward: forwardJson(sources),
    ...(otlpUrl === undefined ? {} : { otlp_url: otlpUrl }),
    now: isoTime(now),
  };
}

/** What waits, and what became of what was held back and why: of agents' spans, and of calls that were announced. */
async function heldJson({ ledger, counters }: StatusSources) {
  const { aggregate, open } = await ledger.window.waiting();
  return {
    aggregates: { waiting: aggregate, ...Object.fromEntries(counters.labelled('settled_aggregates')) },
    open_calls: { waiting: open, ...Object.fromEntries(counters.labelled('open_calls')) },
    nested: counters.get('nested_calls'),
  };
}

/** `endpoint` is the first backend's; there is one, mostly. */
function forwardJson({ spools, counters }: StatusSources) {
  const backends = (spools?.() ?? []).map(({ name, endpoint, bytes, items }) => ({
    name,
    endpoint: withoutCredentials(endpoint),
    spooled_spans: items,
    spool_bytes: bytes,
  }));
  const [first] = backends;
  if (first === undefined) return null;
  return { endpoint: first.endpoint, failed_spans: counters.get('forward_failed_spans'), backends };
}

/** An address may carry a password or a key; neither is shown. */
function withoutCredentials(endpoint: string): string {
  const url = new URL(endpoint);
  return `${url.origin}${url.pathname}`;
}
