import { halves } from '../otlp/index.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Outcome, Parcel } from './exporter.ts';
import type { OtlpHttpSender } from './otlp-http.ts';
import type { PostLimits } from './post.ts';

/** What a delivery ends with: nothing more to do, or nothing more to do now. */
export type Delivered =
  | { readonly status: 'settled'; readonly warning: string | undefined }
  | Extract<Outcome, { status: 'later' }>;

export interface DeliveryOptions {
  readonly sender: OtlpHttpSender;
  readonly deadLetters: DeadLetters;
  /** The bytes to try once more with, where a parcel does not bring its own: without what was spliced in. */
  readonly plain: (parcel: Parcel) => Uint8Array;
  /** Told what was laid aside, and whether there was room for it. */
  readonly onRefused: (parcel: Parcel, reason: string, kept: boolean) => void;
}

export type Deliver = (parcel: Parcel, limits: PostLimits) => Promise<Delivered>;

/**
 * The rules for a backend's answer (OTLP, "Failures"): what is too large goes in halves; what is refused goes once more as
 * it was sent to us, in case the backend minds our attributes, and then to the dead letters, so that one poisoned request
 * holds up no other.
 */
export function deliveryTo({ sender, deadLetters, plain, onRefused }: DeliveryOptions): Deliver {
  async function deliver(parcel: Parcel, limits: PostLimits): Promise<Delivered> {
    const outcome = await sender.send(parcel, limits);
    if (outcome.status === 'delivered') return { status: 'settled', warning: outcome.warning };
    if (outcome.status === 'later') return outcome;
    const other = outcome.status === 'too_large' ? inHalves : onceMore;
    return other(parcel, outcome.reason, limits);
  }

  async function inHalves(parcel: Parcel, reason: string, limits: PostLimits): Promise<Delivered> {
    const { signal, encoding } = parcel;
    const parts = attempt(() => halves(parcel.body, encoding, signal));
    if (parts === undefined) return layAside(parcel, reason);
    const items = [Math.ceil(parcel.items / 2), Math.floor(parcel.items / 2)] as const;
    const warnings: string[] = [];
    for (const [index, body] of parts.entries()) {
      const sent = await deliver({ signal, encoding, body, items: items[index] ?? 0 }, limits);
      // The first half may be sent again with the second: at least once, and with the same bytes.
      if (sent.status === 'later') return sent;
      if (sent.warning !== undefined) warnings.push(sent.warning);
    }
    return { status: 'settled', warning: warnings.length === 0 ? undefined : warnings.join('; ') };
  }

  async function onceMore(parcel: Parcel, reason: string, limits: PostLimits): Promise<Delivered> {
    const body = parcel.original ?? attempt(() => plain(parcel)) ?? parcel.body;
    if (Buffer.compare(body, parcel.body) === 0) return layAside(parcel, reason);
    const outcome = await sender.send({ ...parcel, body }, limits);
    if (outcome.status === 'delivered') return { status: 'settled', warning: outcome.warning };
    return outcome.status === 'later' ? outcome : layAside(parcel, outcome.reason);
  }

  async function layAside(parcel: Parcel, reason: string): Promise<Delivered> {
    const kept = await deadLetters.keep(parcel, reason, Date.now());
    onRefused(parcel, reason, kept);
    return { status: 'settled', warning: undefined };
  }

  return deliver;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
