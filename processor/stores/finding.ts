/** What was found where a ledger was looked over. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'failed';
  /** What was found, and what to do. */
  readonly detail: string;
}
