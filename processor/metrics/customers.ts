import type { FemtoUsd } from '../../pricing/money.ts';

/** Customers whose sums are followed to see who is among the dearest. */
const MAX_FOLLOWED = 10_000;

export interface TopCustomers {
  /** What a customer had cost before; decides who has a series from the start. Dearest first. */
  seed(customer: string, cost: FemtoUsd): void;
  add(customer: string, cost: FemtoUsd): void;
  /** Costs since the start; those without a series of their own under `other`. */
  costs(): Iterable<readonly [customer: string, cost: FemtoUsd]>;
}

/**
 * Who gets a series keeps it until the processor ends, and what was counted under "other" stays there: a counter that
 * falls makes Prometheus see a restart, and a spike that nobody spent. For the same reason these counters begin at 0 with
 * the process. The first `limit` places go to the dearest so far; as many again to whoever overtakes one of those.
 *
 * @example const top = createTopCustomers(20); top.add('acme', amount);
 */
export function createTopCustomers(limit: number): TopCustomers {
  const followed = new Map<string, FemtoUsd>();
  const own = new Map<string, FemtoUsd>();
  let other = 0n;

  function admit(customer: string): boolean {
    if (own.size < limit) return true;
    if (own.size >= 2 * limit) return false;
    const total = followed.get(customer) ?? 0n;
    for (const member of own.keys()) if (total > (followed.get(member) ?? 0n)) return true;
    return false;
  }

  function follow(customer: string, cost: FemtoUsd): void {
    const total = followed.get(customer);
    if (total !== undefined || followed.size < MAX_FOLLOWED) followed.set(customer, (total ?? 0n) + cost);
  }

  return {
    seed(customer, cost) {
      follow(customer, cost);
      if (own.size < limit && customer !== 'other') own.set(customer, 0n);
    },
    add(customer, cost) {
      follow(customer, cost);
      const so = own.get(customer) ?? (admit(customer) ? 0n : undefined);
      // A customer who is really called "other" can't have a second series of that name.
      if (so === undefined || customer === 'other') other += cost;
      else own.set(customer, so + cost);
    },
    *costs() {
      yield* own;
      yield ['other', other];
    },
  };
}
