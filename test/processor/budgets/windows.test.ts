import { expect, it } from 'vitest';
import type { WebhookAlert } from '../../../processor/budgets/notify/webhook-body.ts';
import type { Entry } from '../../../processor/ledger.ts';
import { makeEntry } from '../../support/entries.ts';
import { scene } from './scene.ts';

const MINUTE = 60_000_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const summary = (alerts: readonly WebhookAlert[], at: number): string => alerts.at(at)?.annotations['summary'] ?? '';

/** A call that costs so many cents. */
const spend = (n: number, startUs: number, cents: number): Entry =>
  makeEntry(n, { startUs, dimensions: { customer_id: 'acme', feature: 'chat' }, counts: { input: cents * 4000 } });

it('a budget of a window is told once until it is well again, also over a restart, and then anew', async () => {
  const { take, pass, now, restart, told, alerts } = await scene(
    'budget: daily, by: [customer_id], amount: 1 USD, period: rolling 24h, thresholds: [{ at: 80%, severity: warning }]',
  );
  await take(spend(1, now() - 23 * HOUR, 40), spend(2, now(), 45));
  await take(spend(3, now(), 1));
  expect(told()).toEqual(['actual 80% firing']);
  await restart();
  await pass(30 * MINUTE);
  expect(told()).toEqual(['actual 80% firing', 'actual 80% resolved']);
  await restart();
  await take(spend(4, now(), 40));
  expect(told().slice(2)).toEqual(['actual 80% firing']);
  expect(summary(alerts(), -1)).toMatch(
    /^daily of customer_id="acme": 0.86 USD of 1 USD spent, 86% \(rolling 1d from /,
  );
  await pass(2 * DAY);
  expect(told().slice(3)).toEqual(['actual 80% resolved']);
});

it('a threshold with "for" is told when it has held for as long, and not if it did not', async () => {
  const { take, pass, now, told, correct } = await scene(
    'budget: daily, amount: 1 USD, period: day, for: 10m, thresholds: [{ at: 80%, severity: warning }, { at: 90%, for: 1h, severity: info }]',
  );
  const first = spend(1, now(), 95);
  await take(first);
  await pass(9 * MINUTE);
  expect(told()).toEqual([]);
  await pass(MINUTE);
  expect(told()).toEqual(['actual 80% firing']);
  await correct(first, spend(1, first.startUs, 85));
  await pass(2 * HOUR);
  expect(told()).toEqual(['actual 80% firing']);
});

// S103: a feature of 50 USD that grew by 400 %, whatever its budget.
it('growth is told independent of size, and where there is something to grow from', async () => {
  const { take, pass, now, told, alerts, budgets } = await scene(
    'budget: feature-velocity, by: [feature], growth: { over: 7d, above: 300%, floor: 20 USD }, thresholds: [{ severity: warning }]',
  );
  await take(spend(1, now() - 9 * DAY, 1000), spend(2, now() - 2 * DAY, 3000));
  expect(told()).toEqual([]);
  expect(budgets().states()).toMatchObject([{ state: 'ok', spent: '30', amount: '40', ratio: 0.75 }]);
  await take(spend(3, now(), 2000));
  expect(told()).toEqual(['growth 300% firing']);
  expect([summary(alerts(), 0)]).toEqual([
    'feature-velocity of feature="chat": 50 USD in 7d, after 10 USD, +400% in the same time in the 7d before (growth above 300%)',
  ]);
  expect(budgets().states()).toMatchObject([{ state: 'alerting' }]);
  // A week later what was new is what it grows from.
  await pass(7 * DAY);
  expect(told()).toEqual(['growth 300% firing', 'growth 300% resolved']);
});

// S104: one customer, a prompt that grew after a deploy, an oversized batch job.
it('a spike is told within minutes, also of a key that was not there before', async () => {
  const { take, now, told, alerts } = await scene(
    'budget: customer-spike, by: [customer_id], spike: { over: 15m, compare: 3h, above: 900%, floor: 2 USD }, thresholds: [{ severity: critical }]',
  );
  for (let n = 1; n <= 12; n++) await take(spend(n, now() - 15 * MINUTE - n * 14 * MINUTE, 10));
  await take(spend(20, now(), 30));
  expect(told()).toEqual([]);
  await take(spend(21, now(), 200));
  expect(told()).toEqual(['spike 900% firing']);
  expect(summary(alerts(), 0)).toMatch(/2.3 USD in 15m, after 1.2 USD, \+2200% in the same time in the 3h before/);
  await take(makeEntry(30, { startUs: now(), dimensions: { customer_id: 'new' }, counts: { input: 1_000_000 } }));
  expect(summary(alerts(), 1)).toBe(
    'customer-spike of customer_id="new": 2.5 USD in 15m, after nothing in the 3h before (spike above 900%)',
  );
});

// S106: the same call over and over.
it('a loop is many requests of one key in a few minutes', async () => {
  const { take, now, told } = await scene(
    'budget: loops, by: [customer_id, feature], amount: 100 requests, period: rolling 5m, thresholds: [{ at: 100%, severity: critical, action: { cap: {} } }]',
  );
  await take(...Array.from({ length: 99 }, (_, n) => spend(n, now() - n * 1_000_000, 0)));
  expect(told()).toEqual([]);
  await take(spend(200, now(), 0));
  expect(told()).toEqual(['actual 100% firing']);
});
