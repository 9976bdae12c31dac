import type { Micros } from '../../pricing/charge.ts';
import type { Account } from './account.ts';
import { thresholdId, type Threshold } from './rule.ts';

/** Thresholds that are reached, and have to be for a while (`for`) before they are told. */
export class HeldFor {
  readonly #since = new Map<Account, Map<string, Micros>>();

  /** The accounts to be looked at again on the clock. */
  get waiting(): Iterable<Account> {
    return [...this.#since.keys()];
  }

  /**
   * Of the thresholds that an account has reached now those that have held for long enough. One that is not among them has
   * to begin anew.
   */
  ripe(account: Account, reached: readonly Threshold[], at: Micros): readonly Threshold[] {
    const before = this.#since.get(account);
    if (before === undefined && reached.every(({ forUs }) => forUs === 0)) return reached;
    const since = new Map<string, Micros>();
    const ripe = reached.filter((threshold) => {
      if (threshold.forUs === 0) return true;
      const id = thresholdId(threshold);
      const from = before?.get(id) ?? at;
      if (at - from >= threshold.forUs) return true;
      since.set(id, from);
      return false;
    });
    if (since.size > 0) this.#since.set(account, since);
    else this.#since.delete(account);
    return ripe;
  }
}
