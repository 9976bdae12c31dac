import type { Micros } from '../../pricing/charge.ts';
import type { Account } from './account.ts';
import type { ActingBudget } from './acting.ts';
import { floorOf, keyMessage, WINDOWS_AHEAD, type KeyMessage } from './guard-state.ts';
import { isRolling, needsRevenue, type Rule } from './rule.ts';

/** What a snapshot is made of. */
export interface Look {
  readonly acting: readonly ActingBudget[];
  /** The version of the prices. */
  readonly pricesOf: string;
  /** Whether seats are given. */
  readonly seated: boolean;
  readonly at: Micros;
}

/** What the last snapshot was made of, and guards name things by. */
export interface Standing extends Look {
  readonly places: ReadonlyMap<Rule, number>;
  /** By place: whether keys beyond `max_keys` share an account. */
  readonly shared: readonly boolean[];
}

export const outdated: Standing = { acting: [], pricesOf: '', seated: false, at: 0, places: new Map(), shared: [] };

export function standingOf(look: Look): Standing {
  return {
    ...look,
    places: new Map(look.acting.map(({ rule }, place) => [rule, place])),
    shared: look.acting.map(({ accounts }) => hasShared(accounts)),
  };
}

/** Whether everything has to be told anew: rules were read again, a period is over, there are other prices. */
export function isOutdated(before: Standing, { acting, pricesOf, seated, at }: Look): boolean {
  return (
    acting.length !== before.acting.length ||
    acting.some(({ rule, period }, place) => {
      const known = before.acting[place];
      return known?.rule !== rule || (!isRolling(rule.period) && known.period.startUs !== period.startUs);
    }) ||
    pricesOf !== before.pricesOf ||
    seated !== before.seated ||
    (before.at + WINDOWS_AHEAD / 2 < at && acting.some(({ rule }) => rule.actionWindows.length > 0))
  );
}

/** An account that has spent less is not told. */
export function floorAt({ places, shared }: Standing, { rule, terms }: Account): bigint {
  const place = places.get(rule);
  // What depends on revenue is told of every key, because a guard does not know it.
  return place === undefined || shared[place] === true || needsRevenue(rule) ? 0n : floorOf(terms);
}

/** As guards are told of accounts, without those of a period that is over or has not begun. */
export function keysOf({ places, acting }: Standing, accounts: readonly Account[]): KeyMessage[] {
  return accounts.flatMap((account) => {
    const place = places.get(account.rule);
    const budget = place === undefined ? undefined : acting[place];
    if (place === undefined || budget === undefined || !isRunning(budget, account)) return [];
    return [keyMessage(place, budget.terms, account)];
  });
}

function isRunning({ rule, period }: ActingBudget, account: Account): boolean {
  return isRolling(rule.period) || period.startUs === account.period.startUs;
}

function hasShared(accounts: Iterable<Account>): boolean {
  for (const { shared } of accounts) if (shared) return true;
  return false;
}
