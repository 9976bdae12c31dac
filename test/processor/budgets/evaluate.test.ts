import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUsd } from '../../../pricing/money.ts';
import { evaluate, termsOf, type BudgetState, type Terms } from '../../../processor/budgets/evaluate.ts';
import { calendar } from '../../../processor/budgets/period.ts';
import { rulesOf } from './support.ts';

const now = Date.UTC(2026, 10, 25) * 1000;
const month = calendar('month', 'UTC')(now);

const thresholds =
  'thresholds: [{ at: 110%, severity: critical }, { at: 70%, severity: warning }, { at: 90%, severity: critical }]';
function terms(amount: string): Terms {
  const [rule] = rulesOf(`budget: a, amount: ${amount}, period: month, ${thresholds}`);
  const [first] = rule === undefined ? [] : termsOf(rule);
  if (first === undefined) throw new Error('no terms');
  return first;
}

const standing = (
  amount: string,
  spent: string,
  previous: readonly string[] = [],
  at = now,
): [BudgetState, string[]] => {
  const { state, crossings } = evaluate(terms(amount), parseUsd(spent), month, at, new Set(previous));
  return [state, crossings.map(({ label }) => label)];
};

describe('evaluate', () => {
  it.each<[string, string, readonly string[], BudgetState, readonly string[]]>([
    ['5 USD', '0', [], 'ok', []],
    ['5 USD', '3.499999999999999', [], 'ok', []],
    ['5 USD', '3.5', [], 'alerting', ['70%']],
    ['5 USD', '4.4', ['70%'], 'alerting', []],
    ['5 USD', '4.5', ['70%'], 'alerting', ['90%']],
    ['5 USD', '5', ['70%', '90%'], 'exceeded', []],
    // One big call: all that it crossed, ascending.
    ['5 USD', '6', [], 'exceeded', ['70%', '90%', '110%']],
    // Told before and healthy again (a correction, a raised amount): not told twice.
    ['5 USD', '1', ['70%'], 'ok', []],
    ['5 USD', '3.6', ['70%'], 'alerting', []],
    ['5 USD', '-1', [], 'ok', []],
    // Ten times 0.1 is 1, in money.
    ['0.10 USD', '0.07', [], 'alerting', ['70%']],
    ['0 USD', '0', [], 'ok', []],
    ['0 USD', '0.000000000000001', [], 'exceeded', ['110%', '70%', '90%']],
  ])('%s, %s spent, told %j: %s %j', (amount, spent, previous, state, crossings) => {
    expect(standing(amount, spent, previous)).toEqual([state, crossings]);
  });

  it('tells nothing of a period that is over or has not begun, and knows its state', () => {
    expect(standing('5 USD', '6', [], month.endUs - 1)).toEqual(['exceeded', ['70%', '90%', '110%']]);
    expect(standing('5 USD', '6', [], month.endUs)).toEqual(['exceeded', []]);
    expect(standing('5 USD', '6', [], month.startUs)).toEqual(['exceeded', ['70%', '90%', '110%']]);
    expect(standing('5 USD', '6', [], month.startUs - 1)).toEqual(['exceeded', []]);
  });

  it('never finds a budget healthier for more spend', () => {
    const order: readonly BudgetState[] = ['ok', 'alerting', 'exceeded'];
    const spent = fc.bigInt(-(10n ** 15n), 10n ** 17n);
    fc.assert(
      fc.property(
        fc.constantFrom('0 USD', '0.10 USD', '50 USD'),
        spent,
        fc.bigInt(0n, 10n ** 17n),
        (amount, less, plus) => {
          const before = evaluate(terms(amount), less, month, now, new Set());
          const after = evaluate(terms(amount), less + plus, month, now, new Set());
          expect(order.indexOf(after.state)).toBeGreaterThanOrEqual(order.indexOf(before.state));
          expect(after.crossings).toEqual(expect.arrayContaining([...before.crossings]));
        },
      ),
    );
  });

  it('has the terms of each override, in order', () => {
    const overrides = `overrides: [{ match: ['plan="pro"'], amount: 50 USD }]`;
    const [rule] = rulesOf(`budget: a, amount: 5 USD, period: month, ${overrides}, ${thresholds}`);
    const limits = rule && termsOf(rule).map((each) => each.limits.map(({ value }) => value));
    expect(limits).toEqual([
      [parseUsd('3.5'), parseUsd('4.5'), parseUsd('5.5')],
      [parseUsd('35'), parseUsd('45'), parseUsd('55')],
    ]);
  });
});
