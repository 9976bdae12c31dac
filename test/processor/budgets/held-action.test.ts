import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUsd } from '../../../pricing/money.ts';
import { termsOf } from '../../../processor/budgets/evaluate.ts';
import { heldAction, strictestFirst, type Held } from '../../../processor/budgets/held-action.ts';
import { loadBudgets, mistakesText } from '../../../processor/budgets/load.ts';
import type { Rule } from '../../../processor/budgets/rule.ts';
import { isWithin } from '../../../processor/budgets/time-interval.ts';
import { dimensionNames, type Dimensions } from '../../../processor/ledger.ts';

const none = Object.fromEntries(dimensionNames.map((name) => [name, ''])) as Dimensions;
const micros = (iso: string): number => Date.parse(iso) * 1000;
const night = micros('2026-11-26T02:00:00Z');
const office = micros('2026-11-26T09:00:00Z');

const file = `
groups:
  - name: test
    rules:
      - budget: customers
        by: [customer_id]
        amount: 5 USD
        period: month
        fail_mode: closed
        thresholds:
          - { at: 70%, severity: warning }
          - { at: 110%, severity: critical, action: { cap: { message: 'Over' } } }
          - { at: 90%, severity: critical, action: { throttle: { to: gpt-4.1-nano } } }
          - { at: 120%, severity: critical, action: { throttle: { to: smaller } } }
        action_windows:
          - { match: ['plan=~"pro|enterprise"'], time_interval: office-hours, max_action: throttle }
          - { match: ['plan="enterprise"'], time_interval: office-hours, max_action: alert }
      - budget: nothing
        amount: 0 USD
        period: day
        thresholds: [{ at: 100%, severity: info, action: { cap: {} } }]
time_intervals:
  - name: office-hours
    time_intervals:
      - { weekdays: ['monday:friday'], times: [{ start_time: '08:00', end_time: '19:00' }], location: Europe/Berlin }
      - { days_of_month: ['-1'], months: ['february'], years: [2028] }
`;

function load(): readonly [Rule, Rule] {
  const loaded = loadBudgets('test.yaml', file);
  if (loaded.status === 'invalid') throw new Error(mistakesText(loaded));
  const [customers, nothing] = loaded.rules;
  if (customers === undefined || nothing === undefined) throw new Error('two rules');
  return [customers, nothing];
}

const [customers, nothing] = load();

function held(rule: Rule, spent: string, plan = '', now = night): Held | undefined {
  const [terms] = termsOf(rule);
  return terms && heldAction(rule, terms, parseUsd(spent), { ...none, plan }, now);
}

describe('the action that holds', () => {
  it.each([
    ['4.49', '', night, undefined],
    ['4.50', '', night, 'throttle gpt-4.1-nano'],
    ['5.49', '', night, 'throttle gpt-4.1-nano'],
    ['5.50', '', night, 'cap Over'],
    ['500', '', night, 'cap Over'],
    // A window holds back the cap; of the two throttles the higher holds.
    ['500', 'pro', office, 'throttle smaller'],
    ['5.50', 'pro', office, 'throttle gpt-4.1-nano'],
    ['500', 'pro', night, 'cap Over'],
    ['500', 'free', office, 'cap Over'],
    ['500', 'enterprise', office, undefined],
  ])('at %s USD of 5, plan "%s"', (spent, plan, now, expected) => {
    const action = held(customers, spent, plan, now)?.action;
    const text = action && `${action.kind} ${action.kind === 'cap' ? action.message : action.to}`;
    expect(text).toBe(expected);
  });

  it('is there before the first call where the amount is 0', () => {
    expect(held(nothing, '0')?.action).toEqual({ kind: 'cap', message: undefined, lease: false });
  });

  it('never becomes milder with more spend', () => {
    const rank = { alert: 0, throttle: 1, cap: 2 };
    const plan = fc.constantFrom('', 'pro', 'enterprise');
    const now = fc.constantFrom(night, office);
    const cents = fc.integer({ min: 0, max: 1000 });
    fc.assert(
      fc.property(cents, cents, plan, now, (a, b, who, at) => {
        const of = (value: number): number =>
          rank[held(customers, (value / 100).toFixed(2), who, at)?.action.kind ?? 'alert'];
        return of(Math.min(a, b)) <= of(Math.max(a, b));
      }),
    );
  });

  it('is the strictest of several budgets, whatever their order', () => {
    const found = [held(customers, '4.50'), held(nothing, '0')].flatMap((each) => each ?? []);
    expect(strictestFirst(found).map(({ rule }) => rule.budget)).toEqual(['nothing', 'customers']);
  });

  it('carries what a guard does without a processor', () => {
    expect([customers.failMode, nothing.failMode]).toEqual(['closed', 'open']);
  });
});

describe('time intervals', () => {
  it.each([
    ['2026-11-26T06:59:00Z', false],
    ['2026-11-26T07:00:00Z', true],
    ['2026-11-26T17:59:00Z', true],
    ['2026-11-26T18:00:00Z', false],
    // Summer time: eight o'clock is an hour earlier.
    ['2026-07-01T06:00:00Z', true],
    // A Saturday.
    ['2026-11-28T09:00:00Z', false],
    // The last day of a leap year's February, a Tuesday, by night.
    ['2028-02-29T02:00:00Z', true],
    ['2028-02-28T02:00:00Z', false],
    ['2027-02-28T02:00:00Z', false],
  ])('%s', (iso, expected) => {
    const interval = customers.actionWindows[0]?.interval;
    expect(interval && isWithin(interval, micros(iso))).toBe(expected);
  });
});
