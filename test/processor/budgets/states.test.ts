import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Account } from '../../../processor/budgets/account.ts';
import { fullest } from '../../../processor/budgets/states.ts';
import { Tracker } from '../../../processor/budgets/tracker.ts';
import { NOVEMBER } from '../../support/entries.ts';
import { rulesOf } from './support.ts';

const [rule] = rulesOf('budget: a, amount: 1 USD, period: day, thresholds: [{ at: 70%, severity: info }]');
const tracker = rule && new Tracker(rule);

const account = fc.record({ spent: fc.bigInt(0n, 20n), value: fc.bigInt(0n, 10n) }).map(({ spent, value }): Account => {
  const empty = tracker?.emptyAccount(NOVEMBER);
  if (empty === undefined) throw new Error('no rule');
  return Object.assign(empty, { spent, terms: { amount: { unit: 'USD', value }, limits: [] } });
});

it('the fullest are those of a full sort, whatever the limit', () => {
  const ratio = ({ spent, terms }: Account): number => (spent === 0n ? 0 : Number(spent) / Number(terms.amount.value));
  fc.assert(
    fc.property(fc.array(account, { maxLength: 40 }), fc.integer({ min: 1, max: 50 }), (accounts, limit) => {
      const expected = accounts.map(ratio).toSorted((a, b) => b - a);
      expect(fullest(accounts, limit).map(ratio)).toEqual(expected.slice(0, limit));
    }),
  );
});
