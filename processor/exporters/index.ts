import { join } from 'node:path';
import type { Logger } from 'pino';
import { atMostEvery } from '../log.ts';
import type { Counters } from '../metrics.ts';
import { signals, type Signal } from '../otlp/request.ts';
import { startBackend, type Backend, type BackendTimes } from './backend.ts';
import { deadLetters } from './dead-letters.ts';
import { deliveryTo } from './delivery.ts';
import type { Exporter, Parcel } from './exporter.ts';
import { otlpHttpSender, type OtlpHttpTarget } from './otlp-http.ts';
import { openSpool, type Spool, type SpoolOptions } from './spool/spool.ts';

export type { Exporter, Parcel } from './exporter.ts';

/** A backend as it is configured. */
export interface ForwardTarget extends OtlpHttpTarget {
  /** What logs and metrics call it, and the name of its folder in the spool. */
  readonly name: string;
  /** What it gets; everything, unless it is said. */
  readonly signals?: readonly Signal[] | undefined;
  readonly spool?: Partial<Pick<SpoolOptions, 'directory' | 'maxBytes' | 'onFull'>> | undefined;
}

/** What waits for a backend. */
export interface SpoolState {
  readonly name: string;
  readonly endpoint: string;
  readonly bytes: number;
  readonly items: number;
}

export interface Exporters extends Exporter {
  states(): readonly SpoolState[];
  /** Undefined while spans can be taken; else why not. */
  blocked(): string | undefined;
  stop(): Promise<void>;
}

export interface ExportersOptions {
  readonly targets: readonly ForwardTarget[];
  /** Where the spools are that have no place of their own. */
  readonly directory: string;
  /** The bytes of a parcel without what we spliced in. */
  readonly plain: (parcel: Parcel) => Uint8Array;
  readonly counters: Pick<Counters, 'add'>;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  readonly times?: Partial<BackendTimes> | undefined;
}

export const SPOOL_BYTES = 1 << 30;
const DEAD_LETTER_BYTES = 64 << 20;
const MINUTE = 60_000;

/** One signal on its way to one backend. */
interface Lane {
  readonly target: ForwardTarget;
  readonly signal: Signal;
  readonly spool: Spool;
  readonly backend: Backend;
  readonly close: () => void;
}

/**
 * All backends, each with a spool of its own for each signal: one that is away holds up no other, and not the sender; and
 * one that takes no logs does not hold up its own traces.
 *
 * @example const exporters = await startExporters({ targets, directory: './spanledger.db.spool', plain, counters, log });
 */
export async function startExporters(options: ExportersOptions): Promise<Exporters> {
  const lanes: Lane[] = [];
  for (const target of options.targets)
    for (const signal of target.signals ?? signals) lanes.push(await start(target, signal, options));
  return {
    async forward(parcel) {
      const wanted = lanes.filter(({ signal }) => signal === parcel.signal);
      const told = await Promise.all(wanted.map(({ backend }) => backend.forward(parcel)));
      const warnings = told.flatMap(({ warning }) => warning ?? []);
      return { warning: warnings.length === 0 ? undefined : warnings.join('; ') };
    },
    states: () =>
      options.targets.map(({ name, endpoint }) => {
        const spools = lanes.filter(({ target }) => target.name === name).map(({ spool }) => spool);
        const bytes = spools.reduce((sum, spool) => sum + spool.bytes, 0);
        return { name, endpoint, bytes, items: spools.reduce((sum, spool) => sum + spool.items, 0) };
      }),
    blocked() {
      for (const { target, signal, spool, backend } of lanes) {
        if (target.spool?.onFull === 'refuse' && spool.isFull)
          return `the spool of the backend "${target.name}" (${signal}) is full`;
        if (backend.failure !== undefined) return backend.failure;
      }
      return undefined;
    },
    async stop() {
      await Promise.all(lanes.map(({ backend }) => backend.stop()));
      for (const { close } of lanes) close();
    },
  };
}

async function start(
  target: ForwardTarget,
  signal: Signal,
  { directory: parent, plain, counters, log, times }: ExportersOptions,
): Promise<Lane> {
  const { name, endpoint } = target;
  const { directory: whole = join(parent, name), maxBytes = SPOOL_BYTES, onFull = 'drop_oldest' } = target.spool ?? {};
  const directory = signal === 'traces' ? whole : join(whole, signal);
  const complain = { spooled: atMostEvery(MINUTE), dropped: atMostEvery(MINUTE), refused: atMostEvery(MINUTE) };
  const spool = await openSpool({
    directory,
    maxBytes,
    onFull,
    onDropped(items) {
      counters.add('forward_failed_spans', items);
      complain.dropped((left_out) =>
        log.error({ backend: name, signal, items, left_out }, 'the spool is full: some dropped'),
      );
    },
  });
  const sender = otlpHttpSender(target);
  const deliver = deliveryTo({
    sender,
    deadLetters: deadLetters(join(directory, 'dead-letters.jsonl'), DEAD_LETTER_BYTES),
    plain,
    onRefused({ items }, reason, kept) {
      counters.add('forward_failed_spans', items);
      if (kept) counters.add('dead_letter_spans', items, name);
      const where = kept ? 'kept as a dead letter' : 'and the file of dead letters takes no more';
      complain.refused((left_out) =>
        log.error({ backend: name, signal, items, left_out }, `${reason}: refused, ${where}`),
      );
    },
  });
  const backend = startBackend({
    deliver,
    spool,
    ...(times === undefined ? {} : { times }),
    onSpooled({ items }, reason) {
      counters.add('forward_spooled_spans', items, name);
      complain.spooled((left_out) =>
        log.warn({ backend: endpoint, signal, items, left_out }, `not forwarded yet, spooled: ${reason}`),
      );
    },
    onUnexpected: (error) => log.error({ err: error, backend: name }, 'draining the spool failed; it goes on'),
  });
  return { target, signal, spool, backend, close: () => sender.close() };
}
