/**
 * Every error that the processor raises on purpose: one row each. Codes are stable and documented: match on codes, not on
 * messages. `exit` is what the CLI exits with; the receiver translates `permanent` to 400 and `retryable` to 503.
 */
export const errorTable = {
  malformed_otlp: { sort: 'permanent', exit: 1 },
  unreadable_file: { sort: 'permanent', exit: 2 },
  body_too_large: { sort: 'permanent', exit: 1 },
  /** Too many large requests at once. */
  overloaded: { sort: 'retryable', exit: 1 },
  /** A backend is away, its spool is full, and `on_full: refuse` says that senders keep their spans. */
  spool_full: { sort: 'retryable', exit: 1 },
  spool_unavailable: { sort: 'retryable', exit: 1 },
  ledger_unavailable: { sort: 'retryable', exit: 1 },
  ledger_unusable: { sort: 'fatal', exit: 2 },
  /** An entry that can't be kept exactly: an impossible key, an amount beyond 9e9 USD, lines that do not add up. */
  entry_refused: { sort: 'permanent', exit: 1 },
  address_in_use: { sort: 'fatal', exit: 2 },
  insecure_address: { sort: 'fatal', exit: 2 },
  invalid_config: { sort: 'fatal', exit: 2 },
  invalid_query: { sort: 'permanent', exit: 2 },
} as const satisfies Record<string, { sort: 'permanent' | 'retryable' | 'fatal'; exit: number }>;

export type ErrorCode = keyof typeof errorTable;

/** An error with a stable code; the message says what is wrong, where, and what to do. */
export class SpanledgerError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SpanledgerError';
    this.code = code;
  }

  get sort(): (typeof errorTable)[ErrorCode]['sort'] {
    return errorTable[this.code].sort;
  }
}
