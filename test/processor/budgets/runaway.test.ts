import { expect, it } from 'vitest';
import { parseUsd, USD } from '../../../pricing/money.ts';
import { evaluate } from '../../../processor/budgets/evaluate.ts';
import { bookOf } from '../../../processor/budgets/book.ts';
import { makeEntry, NOVEMBER } from '../../support/entries.ts';
import { rulesOf } from './support.ts';

const SECOND = 1_000_000;
const rule = `budget: feature-hourly, by: [feature], amount: 10 USD, period: rolling 1h,
  thresholds: [{ at: 100%, severity: critical }]`;

// S99: the two runaway scripts, as a steady loop that starts with the hour.
it.each([
  { name: '252 USD in 90 minutes', everyS: 3, callUsd: '0.14', rate: 35, atMostS: 240 },
  { name: '47,000 USD in 6 hours', everyS: 1, callUsd: '2.176', rate: 544, atMostS: 5 },
])('a loop that burns $name crosses the budget of an hour in time', ({ name, everyS, callUsd, rate, atMostS }) => {
  const [first] = rulesOf(rule);
  if (first === undefined) throw new Error('no rule');
  const tracker = bookOf(first);
  const per = (micro: number): string => ((micro * rate) / 1e8).toFixed(8);
  const rates = { input: per(250), cache_read: per(125), output: per(1000) };
  for (let n = 0; ; n++) {
    const at = NOVEMBER + n * everyS * SECOND;
    const account = tracker.add(makeEntry(n, { startUs: at, rates, dimensions: { feature: 'batch' } }), at);
    if (account === undefined) throw new Error('not counted');
    if (n === 0) expect(account.spent).toBe(parseUsd(callUsd));
    if (evaluate(account.terms, account.spent, account.period, at, account.fired).crossings.length === 0) continue;
    const seconds = (at - NOVEMBER) / SECOND;
    const spent = Number(account.spent / (USD / 100n)) / 100;
    console.log(`a loop of ${name}: crossed after ${seconds} s with ${spent} USD spent`);
    expect(seconds).toBeLessThanOrEqual(atMostS);
    return;
  }
});
