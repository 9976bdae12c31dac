import { join } from 'node:path';
import type { Logger } from 'pino';
import { atMostEvery } from '../log.ts';
import type { Counters } from '../metrics.ts';
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

/**
 * All backends, each with a spool of its own: one that is away holds up no other, and not the sender.
 *
 * @example const exporters = await startExporters({ targets, directory: './spanledger.db.spool', plain, counters, log });
 */
export async function startExporters(options: ExportersOptions): Promise<Exporters> {
  const running: { target: ForwardTarget; spool: Spool; backend: Backend; close: () => void }[] = [];
  for (const target of options.targets) running.push(await start(target, options));
  return {
    async forward(parcel) {
      const told = await Promise.all(running.map(({ backend }) => backend.forward(parcel)));
      const warnings = told.flatMap(({ warning }) => warning ?? []);
      return { warning: warnings.length === 0 ? undefined : warnings.join('; ') };
    },
    states: () =>
      running.map(({ target: { name, endpoint }, spool: { bytes, items } }) => ({ name, endpoint, bytes, items })),
    blocked() {
      const full = running.find(({ target, spool }) => target.spool?.onFull === 'refuse' && spool.isFull);
      return full === undefined ? undefined : `the spool of the backend "${full.target.name}" is full`;
    },
    async stop() {
      await Promise.all(running.map(({ backend }) => backend.stop()));
      for (const { close } of running) close();
    },
  };
}

async function start(
  target: ForwardTarget,
  { directory: parent, plain, counters, log, times }: ExportersOptions,
): Promise<{ target: ForwardTarget; spool: Spool; backend: Backend; close: () => void }> {
  const { name, endpoint } = target;
  const { directory = join(parent, name), maxBytes = SPOOL_BYTES, onFull = 'drop_oldest' } = target.spool ?? {};
  const complain = { spooled: atMostEvery(MINUTE), dropped: atMostEvery(MINUTE), refused: atMostEvery(MINUTE) };
  const spool = await openSpool({
    directory,
    maxBytes,
    onFull,
    onDropped(spans) {
      counters.add('forward_failed_spans', spans);
      complain.dropped((left_out) => log.error({ backend: name, spans, left_out }, 'the spool is full: spans dropped'));
    },
  });
  const sender = otlpHttpSender(target);
  const deliver = deliveryTo({
    sender,
    deadLetters: deadLetters(join(directory, 'dead-letters.jsonl'), DEAD_LETTER_BYTES),
    plain,
    onRefused({ items: spans }, reason, kept) {
      counters.add('forward_failed_spans', spans);
      if (kept) counters.add('dead_letter_spans', spans, name);
      const where = kept ? 'kept as a dead letter' : 'and the file of dead letters takes no more';
      complain.refused((left_out) => log.error({ backend: name, spans, left_out }, `${reason}: refused, ${where}`));
    },
  });
  const backend = startBackend({
    deliver,
    spool,
    ...(times === undefined ? {} : { times }),
    onSpooled({ items: spans }, reason) {
      counters.add('forward_spooled_spans', spans, name);
      complain.spooled((left_out) =>
        log.warn({ backend: endpoint, spans, left_out }, `not forwarded yet, spooled: ${reason}`),
      );
    },
    onUnexpected: (error) => log.error({ err: error, backend: name }, 'draining the spool failed; it goes on'),
  });
  return { target, spool, backend, close: () => sender.close() };
}
