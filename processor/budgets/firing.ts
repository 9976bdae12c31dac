import type { Micros } from '../../pricing/charge.ts';
import type { Ledger } from '../ledger.ts';
import type { Account } from './account.ts';
import { readAlert, type Alert } from './alert.ts';

/** What is remembered beside a crossing once it no longer holds: under its key and this. */
export const RESOLVED = '|resolved';

/** An alert that was told and holds still. */
export interface Firing {
  readonly key: string;
  readonly alert: Alert;
  /** Of the running period; undefined for what an earlier process found and this one does not watch. */
  readonly account: Account | undefined;
  /** What its account knows the threshold by. */
  readonly id: string;
}

/** Whether a threshold is still reached; undefined while that cannot be said. */
export type StillReached = (account: Account, id: string, now: Micros) => boolean | undefined;

/**
 * The alerts that hold. Each is resolved once: when its period is over, when nobody watches it any more (the file has
 * changed), or when the spend has been below its threshold for `keep_firing_for` (a correction, a raised amount).
 */
export class FiringAlerts {
  readonly #firing = new Map<string, Firing>();
  /** Since when the threshold of a key is no longer reached. */
  readonly #below = new Map<string, Micros>();
  readonly #stillReached: StillReached;
  readonly #resolve: (firing: Firing, now: Micros) => boolean;

  /** @param resolve remembers it; false where there was no room, and it is asked again later */
  constructor(stillReached: StillReached, resolve: (firing: Firing, now: Micros) => boolean) {
    this.#stillReached = stillReached;
    this.#resolve = resolve;
  }

  add(firing: Firing): void {
    this.#firing.set(firing.key, firing);
  }

  /** All that hold, the oldest first. */
  get alerts(): readonly Alert[] {
    return Array.from(this.#firing.values(), ({ alert }) => alert);
  }

  /** Finds what no longer holds. On the clock. */
  check(now: Micros): void {
    for (const firing of this.#firing.values()) {
      if (!this.#over(firing, now) || !this.#resolve(firing, now)) continue;
      this.#firing.delete(firing.key);
      this.#below.delete(firing.key);
    }
  }

  #over({ key, alert, account, id }: Firing, now: Micros): boolean {
    const end = Date.parse(alert.annotations['period_end'] ?? '') * 1000;
    if (account === undefined || (account.period.kind !== 'rolling' && !(now < end))) return true;
    const reached = this.#stillReached(account, id, now);
    if (reached !== false) {
      this.#below.delete(key);
      return false;
    }
    const since = this.#below.get(key) ?? now;
    this.#below.set(key, since);
    return now - since >= account.rule.keepFiringUs;
  }
}

/** What earlier processes found and nobody resolved. */
export async function readFiring(
  ledger: Pick<Ledger, 'firing'>,
  accountOf: (alert: Alert, key: string) => Account | undefined,
): Promise<readonly (Firing & { readonly at: Micros })[]> {
  const crossings = await ledger.firing();
  return crossings.flatMap(({ key, at, payload }) => {
    const alert = readAlert(payload);
    if (alert === undefined) return [];
    return [{ key, at, alert, account: accountOf(alert, key), id: key.slice(key.lastIndexOf('|') + 1) }];
  });
}
