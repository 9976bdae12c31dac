import type { Access } from '../access.ts';
import type { Address } from '../address.ts';
import type { Counters } from '../metrics.ts';
import type { Intake } from './intake.ts';
import type { Lease } from './memory.ts';
import type { ServerTls } from './tls.ts';

export interface ReceiverOptions {
  readonly address: Address;
  readonly intake: Intake;
  /** Who may send. */
  readonly access: Access;
  readonly counters: Pick<Counters, 'add'>;
  /** Called with what made a request fail though it was sound. */
  readonly onError: (error: unknown) => void;
  /** Bytes of one request, before and after decompression. OTLP recommends 64 MiB. */
  readonly maxBody?: number;
  /** The memory that requests share; beyond it senders are asked to come again. */
  readonly lend?: () => Lease;
  /** TLS, and with `clientCa` only for those who have a certificate of it. */
  readonly tls?: ServerTls | undefined;
}

/** What takes OTLP from a port. */
export interface Receiver {
  readonly url: string;
  /** Takes no new connections, answers what has begun, and closes. May be called any number of times. */
  stop(): Promise<void>;
}
