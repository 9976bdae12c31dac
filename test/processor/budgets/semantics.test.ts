/** The rules by which budgets are told, one test a rule. What each means in detail stands in the tests of its part. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadBudgets, mistakesText } from '../../../processor/budgets/load.ts';
import { renderPrometheus } from '../../../processor/budgets/render-prometheus.ts';
import { readBudgets } from '../../../processor/budgets/read.ts';
import type { Entry } from '../../../processor/ledger.ts';
import { makeEntry, NOVEMBER, unpriced, type EntryOptions } from '../../support/entries.ts';
import { scene } from './scene.ts';
import { rulesOf } from './support.ts';

const MINUTE = 60_000_000;
const DAY = 24 * 60 * MINUTE;
const monthly = `budget: customer-monthly, by: [customer_id], amount: 1 USD, period: month,
  thresholds: [{ at: 90%, severity: critical }, { at: 70%, severity: warning }]`;

/** A call that costs so many cents, at 00:30 of the 11th of November. */
const spend = (n: number, cents: number, options: EntryOptions = {}): Entry =>
  makeEntry(n, {
    startUs: NOVEMBER + 10 * DAY + 30 * MINUTE + n,
    counts: { input: cents * 4000 },
    ...options,
    dimensions: { customer_id: 'acme', feature: 'chat', ...options.dimensions },
  });

describe('alert identity', () => {
  it('is in the labels: what changes from one look to the next is in the annotations', async () => {
    const { take, alerts, restart } = await scene(`${monthly}, labels: { owner: growth }`);
    await take(spend(1, 75));
    await restart(`${monthly.replace('1 USD', '1.05 USD')}, labels: { owner: growth }`);
    const [alert] = alerts();
    expect(alert?.labels).toEqual({
      alertname: 'BudgetThreshold',
      budget: 'customer-monthly',
      threshold: '70%',
      basis: 'actual',
      severity: 'warning',
      period: 'month',
      owner: 'growth',
      customer_id: 'acme',
    });
    expect(alert?.annotations).toMatchObject({
      spent: '0.75 USD',
      amount: '1 USD',
      ratio: '0.75',
      unpriced_calls: '0',
    });
    expect(Object.values(alert?.labels ?? {}).join(' ')).not.toMatch(/0\.75|2026/);
  });
});

describe('fire once', () => {
  it('one transition for each budget, key, threshold and period', async () => {
    const { take, told, pass, restart } = await scene(monthly);
    await take(spend(1, 75), spend(2, 1), spend(3, 75, { dimensions: { customer_id: 'bolt' } }));
    await restart();
    await take(spend(4, 1));
    await pass(MINUTE);
    expect(told()).toEqual(['actual 70% firing', 'actual 70% firing']);
    await pass(30 * DAY);
    await take(spend(5, 75, { startUs: NOVEMBER + 35 * DAY }));
    expect(told().slice(2)).toEqual(['actual 70% resolved', 'actual 70% resolved', 'actual 70% firing']);
  });
});

describe('order', () => {
  it('thresholds ascending, however the file orders them', async () => {
    const { take, told } = await scene(monthly);
    await take(spend(1, 95));
    expect(told()).toEqual(['actual 70% firing', 'actual 90% firing']);
  });
});

describe('resolve', () => {
  it('when the period is over', async () => {
    const { take, told, pass } = await scene(monthly);
    await take(spend(1, 75));
    await pass(21 * DAY);
    expect(told()).toEqual(['actual 70% firing', 'actual 70% resolved']);
  });

  it('when the amount is raised', async () => {
    const { take, told, restart, pass } = await scene(monthly);
    await take(spend(1, 75));
    await restart(monthly.replace('1 USD', '2 USD'));
    await pass(MINUTE);
    expect(told()).toEqual(['actual 70% firing', 'actual 70% resolved']);
  });

  it('when a correction takes spend back, after keep_firing_for', async () => {
    const { take, told, correct, pass } = await scene(`${monthly}, keep_firing_for: 10m`);
    await take(spend(1, 50), spend(2, 25));
    await correct(spend(2, 25), undefined);
    await pass(9 * MINUTE);
    expect(told()).toEqual(['actual 70% firing']);
    await pass(MINUTE);
    expect(told()).toEqual(['actual 70% firing', 'actual 70% resolved']);
  });
});

describe('late spans', () => {
  it('count in the period in which they started, and wake nobody for one that is over', async () => {
    const { take, told, budgets, pass, ledger } = await scene(monthly);
    await take(spend(1, 60));
    await pass(21 * DAY);
    await take(spend(2, 35));
    expect(told()).toEqual([]);
    expect(budgets().states()).toEqual([]);
    const november = { from: NOVEMBER, to: NOVEMBER + 30 * DAY, timezone: 'UTC' };
    expect(await ledger.costs({ by: ['customer_id'], where: [], ...november })).toMatchObject([{ calls: 2 }]);
  });

  it.each([
    // The clock goes back on the 25th of October and forward on the 29th of March: a month ends at the wall's midnight.
    ['the end of summer time', Date.UTC(2026, 9, 31, 23)],
    ['the begin of summer time', Date.UTC(2026, 2, 31, 22)],
  ])('a month rolls over at midnight of its zone after %s', async (_name, midnightMs) => {
    const midnight = midnightMs * 1000;
    const berlin = monthly.replace('period: month', 'period: month, timezone: Europe/Berlin');
    const { take, told, pass, budgets } = await scene(berlin, { from: midnight - 10 * MINUTE });
    await take(spend(1, 75, { startUs: midnight - 1 }), spend(2, 5, { startUs: midnight }));
    expect(told()).toEqual(['actual 70% firing']);
    await pass(9 * MINUTE);
    expect(told()).toHaveLength(1);
    await pass(MINUTE);
    expect(told()).toEqual(['actual 70% firing', 'actual 70% resolved']);
    expect(budgets().states()).toMatchObject([
      { spent: '0.05', period: { start: new Date(midnightMs).toISOString() } },
    ]);
  });
});

describe('restart', () => {
  it('the spend goes on, and no crossing is told a second time', async () => {
    const { take, told, restart, budgets } = await scene(monthly);
    await take(spend(1, 75));
    for (let n = 0; n < 3; n++) await restart();
    await take(spend(2, 10));
    expect(told()).toEqual(['actual 70% firing']);
    expect(budgets().states()).toMatchObject([{ spent: '0.85' }]);
  });
});

describe('several matches', () => {
  it('every budget that matches counts the call; the strictest action wins', async () => {
    const throttled = `budget: a, amount: 1 USD, period: day, thresholds: [{ at: 50%, severity: info, action: { throttle: { to: gpt-4.1-nano } } }]`;
    const capped = `budget: b, by: [customer_id], amount: 1 USD, period: month, thresholds: [{ at: 60%, severity: info, action: { cap: {} } }]`;
    const { take, budgets } = await scene([throttled, capped, monthly]);
    const held = (): string[] =>
      budgets()
        .held(spend(9, 0).dimensions)
        .map(({ action }) => action.kind);
    await take(spend(1, 55));
    expect(
      budgets()
        .states()
        .map(({ spent }) => spent),
    ).toEqual(['0.55', '0.55', '0.55']);
    expect(held()).toEqual(['throttle']);
    await take(spend(2, 10));
    expect(held()).toEqual(['cap', 'throttle']);
  });
});

describe('amount', () => {
  it('of 0 USD holds back all, before the first call', async () => {
    const none = `budget: none, amount: 0 USD, period: month, thresholds: [{ at: 100%, severity: info, action: { cap: {} } }]`;
    const { take, told, budgets } = await scene(none);
    expect(budgets().held(spend(1, 0).dimensions)).toHaveLength(1);
    await take(spend(1, 1));
    expect(told()).toEqual(['actual 100% firing']);
  });

  it('that is absent is a mistake', () => {
    expect(() => rulesOf('budget: a, period: month, preset: 80-120')).toThrow('"amount" is missing');
  });
});

describe('forecast', () => {
  const forecast = `budget: all, amount: 10 USD, period: month, thresholds: [{ forecast: 100%, severity: warning }]`;

  it('is silent in the first twentieth of a period and below 1 USD, and shows its band', async () => {
    const early = await scene(forecast, { from: NOVEMBER + DAY });
    await early.take(spend(1, 500, { startUs: NOVEMBER }));
    await early.pass(MINUTE);
    expect(early.told()).toEqual([]);
    const little = await scene(forecast.replace('10 USD', '0.10 USD'));
    await little.take(spend(1, 9));
    await little.pass(MINUTE);
    expect(little.told()).toEqual([]);
    const { take, pass, alerts } = await scene(forecast);
    await take(spend(1, 500));
    await pass(MINUTE);
    const band = expect.stringMatching(/^\d+(\.\d\d?)? USD$/);
    expect(alerts()[0]?.annotations).toMatchObject({
      forecast_low: band,
      forecast_high: band,
      forecast_method: 'linear',
    });
  });

  it('is weekday-aware once there is a week of history', async () => {
    const { take, pass, alerts } = await scene(forecast);
    await take(...Array.from({ length: 20 }, (_, n) => spend(n, 80, { startUs: NOVEMBER + (n - 9) * DAY })));
    await pass(MINUTE);
    expect(alerts().at(-1)?.annotations).toMatchObject({ forecast_method: 'weekday' });
  });
});

describe('threshold text', () => {
  it('70% and 0.7 are one; an amount may stand there', () => {
    const [rule] = rulesOf(
      'budget: a, amount: 5 USD, period: day, thresholds: [{ at: 0.7, severity: info }, { at: 35 USD, severity: info }]',
    );
    expect(rule?.thresholds.map(({ label }) => label)).toEqual(['70%', '35 USD']);
  });

  it('a margin without any revenue is warned of at the start', async () => {
    const { warnings } = await scene(
      'budget: margins, by: [customer_id], amount: 5 USD, period: month, preset: margin-50-80',
    );
    expect(warnings()).toEqual(['these budgets need revenue, and none is known: spanledger revenue import FILE.csv']);
  });
});

describe('unknown keys', () => {
  it('are mistakes with line and column', () => {
    const loaded = loadBudgets('budgets.yaml', 'groups:\n  - name: a\n    ruls: []\n');
    expect(loaded.status === 'invalid' && mistakesText(loaded)).toBe(
      'budgets.yaml:2:5: groups[0]: "rules" is missing\nbudgets.yaml:3:5: groups[0]: "ruls" is unknown; did you mean "rules"?',
    );
  });
});

describe('key flood', () => {
  it('beyond max_keys keys share "other", which is told as such', async () => {
    const { take, alerts } = await scene(`${monthly}, max_keys: 2`);
    await take(...['a', 'b', 'c', 'd'].map((customer_id, n) => spend(n, 40, { dimensions: { customer_id } })));
    expect(alerts().map(({ labels }) => `${labels['alertname']} ${labels['customer_id'] ?? ''}`)).toEqual([
      'BudgetKeyFlood ',
      'BudgetThreshold other',
    ]);
  });
});

describe('unpriced calls', () => {
  it('are told where a budget in USD asks for it', async () => {
    const { take, alerts } = await scene(`${monthly}, unpriced: alert`);
    await take(spend(1, 0, { charge: unpriced('acme-13b') }));
    expect(alerts().map(({ labels }) => labels['alertname'])).toEqual(['BudgetUnpriced']);
  });
});

describe('export', () => {
  it('is ordinary Prometheus rules over our gauges', () => {
    const { text, left } = renderPrometheus(rulesOf(monthly));
    expect(text).toContain('expr: spanledger_budget_ratio{budget="customer-monthly"} >= 0.7');
    expect(left).toEqual([]);
  });
});

describe('silences', () => {
  it('stand in a file with matchers, an end, and an author', () => {
    const folder = mkdtempSync(join(tmpdir(), 'spanledger-'));
    const path = join(folder, 'budgets.yaml');
    writeFileSync(path, 'groups: []\nnotify: { webhook: { url: "http://localhost:1" }, silences: silences.yaml }\n');
    writeFileSync(
      join(folder, 'silences.yaml'),
      `silences: [{ matchers: ['customer_id="acme"'], ends_at: 2026-12-01T00:00:00Z, created_by: kim }]`,
    );
    expect(readBudgets(path).silences).toMatchObject([{ endUs: Date.UTC(2026, 11, 1) * 1000, author: 'kim' }]);
  });
});
