import { expect, it } from 'vitest';
import { parseUsd } from '../../../pricing/money.ts';
import { makeEntry, NOVEMBER } from '../../support/entries.ts';
import { scene } from './scene.ts';

const SECOND = 1_000_000;
const from = NOVEMBER + 10 * 86_400 * SECOND;
const rules = [
  'budget: feature-hourly, by: [feature], amount: 10 USD, period: rolling 1h, thresholds: [{ at: 100%, severity: critical }]',
  'budget: spike, by: [feature], spike: { over: 15m, compare: 6h, above: 900%, floor: 5 USD }, thresholds: [{ severity: critical }]',
];

// S99: the two runaway scripts, as a steady loop of calls by a feature that was used before; a real receiver is told.
it.each([
  { name: '252 USD in 90 minutes', everyS: 3, callUsd: '0.14', rate: 35, atMostS: 240 },
  { name: '47,000 USD in 6 hours', everyS: 1, callUsd: '2.176', rate: 544, atMostS: 5 },
])('a loop that burns $name is told of in time', async ({ name, everyS, callUsd, rate, atMostS }) => {
  const { take, pass, now, alerts } = await scene(rules, { from });
  const dimensions = { feature: 'batch' };
  // What was usual: 40 cents an hour, until an hour ago.
  await take(
    ...[1, 2, 3, 4, 5].map((hour) =>
      makeEntry(10_000 + hour, {
        startUs: from - hour * 3600 * SECOND - SECOND,
        dimensions,
        counts: { input: 160_000 },
      }),
    ),
  );
  const per = (micro: number): string => ((micro * rate) / 1e8).toFixed(8);
  const rates = { input: per(250), cache_read: per(125), output: per(1000) };
  const call = (n: number) => makeEntry(n, { startUs: now(), rates, dimensions });
  const { charge } = call(0);
  expect(charge.status === 'priced' && charge.amount).toBe(parseUsd(callUsd));
  const told = new Map<string, string>();
  for (let n = 0; told.size < rules.length; n++) {
    if (n > 0) await pass(everyS * SECOND);
    await take(call(n));
    for (const { labels, annotations } of alerts()) {
      const { budget = '' } = labels;
      if (!told.has(budget)) told.set(budget, `${(now() - from) / SECOND} s with ${annotations['spent']} spent`);
    }
    expect(n).toBeLessThan(100);
  }
  for (const [budget, when] of told) {
    console.log(`a loop of ${name}: ${budget} is told after ${when}`);
    expect(Number.parseInt(when, 10)).toBeLessThanOrEqual(atMostS);
  }
});
