/** What takes OTLP from a port. */
export interface Receiver {
  readonly url: string;
  /** Takes no new connections, answers what has begun, and closes. May be called any number of times. */
  stop(): Promise<void>;
}
