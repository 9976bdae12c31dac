import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBudgets, type Budgets, type BudgetsOptions } from '../../../processor/budgets/index.ts';
import { SpanledgerError } from '../../../processor/errors.ts';
import type { Entry, Ledger } from '../../../processor/ledger.ts';
import { openSqliteLedger } from '../../../processor/stores/sqlite.ts';
import { makeEntry, NOVEMBER, unpriced, type EntryOptions } from '../../support/entries.ts';
import { everythingTo } from '../../../processor/budgets/notify/route.ts';
import { deadAddress, memoryLog, rulesOf, startReceiver, webhookTo, type Receiver } from './support.ts';

const DAY = 86_400_000_000;
const customers = `budget: per-customer, by: [customer_id], amount: 0.02 USD, period: month,
  thresholds: [{ at: 110%, severity: critical }, { at: 70%, severity: warning }, { at: 90%, severity: critical }]`;

let folder: string;
let ledger: Ledger;
let receiver: Receiver;
let now: number;
let log: ReturnType<typeof memoryLog>;
let running: Budgets[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spanledger-'));
  ledger = await openSqliteLedger({ path: join(folder, 'ledger.db') });
  receiver = await startReceiver();
  now = NOVEMBER + 10 * DAY;
  log = memoryLog();
  running = [];
});

afterEach(async () => {
  for (const budgets of running) await budgets.stop();
  await ledger.close();
  await receiver.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Budgets as after a start of the processor. */
async function start(rules: readonly string[], options: Partial<BudgetsOptions> = {}): Promise<Budgets> {
  const notify = webhookTo(receiver.url);
  const budgets = createBudgets({
    rules: rulesOf(...rules),
    notify,
    ledger,
    log,
    now: () => now,
    firstPauseMs: 5,
    ...options,
  });
  running.push(budgets);
  await budgets.start();
  return budgets;
}

/** One call of $0.004. */
const call = (n: number, customer = 'acme', options: EntryOptions = {}): Entry =>
  makeEntry(n, { ...options, dimensions: { customer_id: customer, feature: 'chat', ...options.dimensions } });

async function correct(budgets: Budgets, of: Entry, replacement: Entry | undefined): Promise<void> {
  const [adjusted] = await ledger.adjust([{ of, replacement, id: 'correction' }]);
  budgets.observe(adjusted?.revisions ?? []);
  await budgets.settled();
}

async function take(budgets: Budgets, ...entries: readonly Entry[]): Promise<void> {
  budgets.observe(await ledger.append(entries));
  await budgets.settled();
}

const told = (): string[] =>
  receiver.alerts.map(
    ({ labels, annotations }) => `${labels['customer_id']} ${labels['threshold']} ${annotations['spent']}`,
  );

describe('crossings', () => {
  it('are told once each, in order, with what was spent at the call that crossed', async () => {
    const budgets = await start([customers]);
    for (let n = 1; n <= 3; n++) await take(budgets, call(n));
    expect(told()).toEqual([]);
    await take(budgets, call(4), call(5), call(6));
    await take(budgets, call(7), call(8), call(8), call(9, 'bolt'));
    expect(told()).toEqual(['acme 70% 0.016 USD', 'acme 90% 0.02 USD', 'acme 110% 0.024 USD']);
    await take(budgets, call(4), call(10));
    expect(told()).toHaveLength(3);
  });

  it('by one big call are all told, ascending', async () => {
    const budgets = await start([customers]);
    await take(budgets, call(1, 'acme', { counts: { input: 100_000 } }));
    expect(told()).toEqual(['acme 70% 0.25 USD', 'acme 90% 0.25 USD', 'acme 110% 0.25 USD']);
  });

  it('are never told again after a restart, and the spend goes on', async () => {
    const first = await start([customers]);
    await take(first, call(1), call(2), call(3), call(4));
    await first.stop();
    now += DAY;
    const second = await start([customers]);
    await take(second, call(5));
    expect(told()).toEqual(['acme 70% 0.016 USD', 'acme 90% 0.02 USD']);
    const [state] = second.states();
    expect(state?.thresholds.map(({ fired_at: at }) => at)).toEqual([
      '2026-11-11T00:00:00.000Z',
      '2026-11-12T00:00:00.000Z',
      null,
    ]);
  });

  it('that happened while nobody looked are found at the start', async () => {
    await ledger.append([call(1), call(2), call(3), call(4)]);
    const budgets = await start([customers]);
    await budgets.settled();
    expect(told()).toEqual(['acme 70% 0.016 USD']);
  });

  it('are found anew in each period, on the clock', async () => {
    const budgets = await start([customers], { sweepMs: 5 });
    await take(budgets, call(1), call(2), call(3), call(4));
    // Ahead of its time: counted in December, told when December has begun.
    const december = NOVEMBER + 30 * DAY;
    now = december - DAY;
    await take(budgets, ...[5, 6, 7, 8].map((n) => call(n, 'acme', { startUs: december + n })));
    expect(told()).toEqual(['acme 70% 0.016 USD']);
    now = december + DAY;
    await vi.waitFor(() => expect(told()).toHaveLength(3));
    expect(receiver.alerts.map(({ status, annotations }) => [status, annotations['period_start']])).toEqual([
      ['firing', '2026-11-01T00:00:00.000Z'],
      ['resolved', '2026-11-01T00:00:00.000Z'],
      ['firing', '2026-12-01T00:00:00.000Z'],
    ]);
    // Late for November: summed there, told to nobody.
    await take(budgets, call(9), call(10), call(11));
    expect(told()).toHaveLength(3);
  });

  it('of two processors on one ledger are told by one of them', async () => {
    const [first, second] = [await start([customers]), await start([customers])];
    const appended = await ledger.append([call(1), call(2), call(3), call(4)]);
    first.observe(appended);
    second.observe(appended);
    await Promise.all([first.settled(), second.settled()]);
    expect(told()).toEqual(['acme 70% 0.016 USD']);
  });

  it('of several budgets are each told', async () => {
    const other = `budget: everything, amount: 0.01 USD, period: day, match: ['feature="chat"'],
      thresholds: [{ at: 100%, severity: page }]`;
    now = NOVEMBER + DAY / 2;
    const budgets = await start([customers, other]);
    await take(budgets, call(1), call(2), call(3), call(4));
    expect(receiver.alerts.map(({ labels }) => `${labels['budget']} ${labels['threshold']}`)).toEqual([
      'everything 100%',
      'per-customer 70%',
    ]);
    expect(receiver.posts).toHaveLength(2);
  });

  it('of a budget of 0 USD are told at the first spend', async () => {
    const budgets = await start([
      'budget: none, amount: 0 USD, period: month, thresholds: [{ at: 100%, severity: critical }]',
    ]);
    await take(budgets, call(1, 'acme', { charge: unpriced('acme-13b') }));
    expect(receiver.alerts).toHaveLength(0);
    await take(budgets, call(2));
    expect(receiver.alerts[0]?.annotations['summary']).toBe(
      'none: 0.004 USD of 0 USD spent, and 1 calls without a price (month from 2026-11-01T00:00:00.000Z)',
    );
    expect(budgets.states()).toMatchObject([{ ratio: null, state: 'exceeded', amount_usd: '0', unpriced_calls: 1 }]);
  });

  it('of budgets of tokens and of requests are told in their units', async () => {
    const rules = [
      `budget: tokens, by: [feature], amount: 2e3 tokens, period: month, preset: 80-120`,
      `budget: requests, by: [customer_id], match: ['plan=""'], amount: 2 requests, period: month,
        thresholds: [{ at: 100%, severity: info }]`,
    ];
    const budgets = await start(rules);
    // Of 1,000 tokens each. A correction is tokens, not another request; a call without a price is both.
    await take(budgets, call(1));
    await correct(budgets, call(1), call(1, 'acme', { counts: { input: 1_500 } }));
    await take(budgets, call(2, 'acme', { charge: unpriced('acme-13b'), counts: { input: 80, cache_read: 20 } }));
    expect(receiver.alerts.map(({ annotations }) => annotations['summary'])).toEqual([
      'tokens of feature="chat": 1600 tokens of 2000 tokens spent, 80%, and 1 calls without a price (month from 2026-11-01T00:00:00.000Z)',
      'requests of customer_id="acme": 2 requests of 2 requests spent, 100%, and 1 calls without a price (month from 2026-11-01T00:00:00.000Z)',
    ]);
    expect(receiver.alerts[0]?.annotations['top_customers']).toBe('acme 1,600 tokens');
    expect(budgets.states()[0]).toMatchObject({
      unit: 'requests',
      amount: '2',
      spent: '2',
      amount_usd: null,
      ratio: 1,
    });
    await budgets.stop();
    // As the ledger counts.
    const again = await start(rules);
    expect(again.states().map(({ spent }) => spent)).toEqual(['2', '1600']);
  });

  it('of a flood of keys are told once, as such', async () => {
    const budgets = await start([`${customers}, max_keys: 2`]);
    await take(budgets, ...[1, 2, 3, 4, 5].map((n) => call(n, `customer-${n}`)));
    await take(budgets, call(6, 'customer-6'));
    expect(receiver.alerts.map(({ labels }) => labels)).toEqual([
      { alertname: 'BudgetKeyFlood', budget: 'per-customer', severity: 'warning', period: 'month' },
      expect.objectContaining({ alertname: 'BudgetThreshold', customer_id: 'other', threshold: '70%' }),
    ]);
    expect(receiver.alerts[0]?.annotations['summary']).toContain('more than 2 values of customer_id in this month');
  });
});

describe('calls without a price', () => {
  it('are told once for each key, until the period is over', async () => {
    const rule = 'budget: b, by: [customer_id], amount: 5 USD, period: month, preset: 80-120, unpriced: alert';
    const budgets = await start([rule]);
    const [first, second] = [1, 2].map((n) => call(n, 'acme', { charge: unpriced('acme-13b') }));
    if (first === undefined || second === undefined) throw new Error('two calls');
    await take(budgets, first, second, call(3, 'bolt'));
    await take(await start([rule]), call(4, 'acme', { charge: unpriced('acme-13b') }));
    const alerts = (): string[] =>
      receiver.alerts.map(({ status, labels }) => `${status} ${labels['alertname']} ${labels['customer_id']}`);
    expect(alerts()).toEqual(['firing BudgetUnpriced acme']);
    // The next month: nothing is without a price there.
    now += 31 * DAY;
    await budgets.tick();
    await budgets.settled();
    expect(alerts()).toEqual(['firing BudgetUnpriced acme', 'resolved BudgetUnpriced acme']);
  });
});

describe('actions', () => {
  const capped = `budget: per-customer, by: [customer_id], amount: 0.02 USD, period: month,
    overrides: [{ match: ['plan="pro"'], amount: 0.04 USD }],
    thresholds: [{ at: 50%, severity: warning, action: { throttle: { to: gpt-4.1-nano } } },
      { at: 100%, severity: critical, action: { cap: {} } }]`;
  const all = `budget: everything, amount: 0 USD, period: month, match: ['environment="dev"'],
    thresholds: [{ at: 100%, severity: info, action: { cap: { message: Nothing here } } }]`;

  it('hold by what the key has spent, the strictest of all budgets first, also after a restart', async () => {
    const kinds = (budgets: Budgets, customer: string, more: EntryOptions['dimensions'] = {}): string[] =>
      budgets
        .held(call(0, customer, { dimensions: { plan: '', environment: '', ...more } }).dimensions)
        .map(({ rule, action }) => `${rule.budget} ${action.kind}`);
    const first = await start([capped, all]);
    await take(first, ...[1, 2, 3].map((n) => call(n, 'acme')), ...[4, 5, 6, 7, 8].map((n) => call(n, 'bolt')));
    for (const budgets of [first, await start([capped, all])]) {
      expect(kinds(budgets, 'nobody')).toEqual([]);
      expect(kinds(budgets, 'acme')).toEqual(['per-customer throttle']);
      expect(kinds(budgets, 'bolt')).toEqual(['per-customer cap']);
      expect(kinds(budgets, 'acme', { environment: 'dev' })).toEqual(['everything cap', 'per-customer throttle']);
    }
    // In the next month nothing was spent.
    now += 31 * DAY;
    expect(kinds(first, 'bolt')).toEqual([]);
  });
});

describe('the post', () => {
  it('is the webhook body of Alertmanager, version 4', async () => {
    const rule = `budget: org, amount: 0.02 USD, period: month, match: ['plan="pro"'], thresholds: [{ at: 0.7, severity: warning }],
      annotations: { runbook_url: 'https://example.com/runbook', note: '{{ $labels.threshold }} reached: {{ $value }}' }`;
    const budgets = await start([rule], { externalUrl: 'http://localhost:9464' });
    const of = (n: number, customer: string, feature: string, input: number): Entry =>
      call(n, customer, { counts: { input }, dimensions: { plan: 'pro', feature } });
    await take(
      budgets,
      of(1, 'acme', 'chat', 2000),
      of(2, 'bolt', 'search', 600),
      of(3, '', 'chat', 400),
      of(4, 'coil', 'chat', 200),
      of(5, 'dune', 'chat', 100),
      call(6, 'acme', { charge: unpriced('acme-13b'), dimensions: { plan: 'pro' } }),
      call(7, 'elsewhere', { counts: { input: 90_000 } }),
      of(8, 'acme', 'chat', 2480),
    );
    const [post] = receiver.posts;
    expect(post?.method).toBe('POST');
    expect(post?.headers['content-type']).toBe('application/json');
    const labels = {
      alertname: 'BudgetThreshold',
      budget: 'org',
      threshold: '70%',
      basis: 'actual',
      severity: 'warning',
      period: 'month',
    };
    const annotations = {
      summary:
        'org: 0.01445 USD of 0.02 USD spent, 72.2%, and 1 calls without a price (month from 2026-11-01T00:00:00.000Z)',
      spent: '0.01445 USD',
      amount: '0.02 USD',
      ratio: '0.7225',
      period_start: '2026-11-01T00:00:00.000Z',
      period_end: '2026-12-01T00:00:00.000Z',
      unpriced_calls: '1',
      top_customers: 'acme $0.0112, bolt $0.0015, (none) $0.001, 2 more $0.00075',
      top_features: 'chat $0.01295, search $0.0015',
      dashboard_url:
        'http://localhost:9464/?derive=plan%3D%22pro%22&from=2026-11-01T00%3A00%3A00.000Z&to=2026-12-01T00%3A00%3A00.000Z&alone=',
      runbook_url: 'https://example.com/runbook',
      note: '70% reached: 72.2%',
    };
    expect(post?.body).toEqual({
      version: '4',
      groupKey: '{}:{alertname="BudgetThreshold", budget="org"}',
      truncatedAlerts: 0,
      status: 'firing',
      receiver: 'ops',
      groupLabels: { alertname: 'BudgetThreshold', budget: 'org' },
      commonLabels: labels,
      commonAnnotations: annotations,
      externalURL: 'http://localhost:9464',
      alerts: [
        {
          status: 'firing',
          labels,
          annotations,
          startsAt: '2026-11-11T00:00:00.000Z',
          endsAt: '0001-01-01T00:00:00Z',
          generatorURL: 'http://localhost:9464',
          fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
        },
      ],
    });
  });
});

describe('an alert is resolved', () => {
  const statuses = (): string[] =>
    receiver.alerts.map(({ status, labels, endsAt }) => `${labels['threshold']} ${status} ${endsAt.slice(0, 16)}`);

  it('once, when its period is over, before the next is told of', async () => {
    const budgets = await start([customers]);
    await take(budgets, call(1), call(2), call(3), call(4));
    now = NOVEMBER + 31 * DAY;
    await take(budgets, ...[5, 6, 7, 8].map((n) => call(n, 'acme', { startUs: now })));
    const expected = ['70% firing 0001-01-01T00:00', '70% resolved 2026-12-02T00:00', '70% firing 0001-01-01T00:00'];
    expect(statuses()).toEqual(expected);
    expect(receiver.posts[1]?.body.status).toBe('resolved');
    await budgets.stop();
    const again = await start([customers]);
    await again.settled();
    expect(statuses()).toEqual(expected);
  });

  it('when it was over while nobody looked', async () => {
    const budgets = await start([customers]);
    await take(budgets, call(1), call(2), call(3), call(4));
    await budgets.stop();
    now = NOVEMBER + 100 * DAY;
    for (let restart = 0; restart < 2; restart++) {
      const again = await start([customers]);
      await again.settled();
      await again.stop();
    }
    expect(statuses()).toEqual(['70% firing 0001-01-01T00:00', '70% resolved 2027-02-09T00:00']);
  });

  it('when the amount is raised, and not told again in the same period', async () => {
    const first = await start([customers]);
    await take(first, call(1), call(2), call(3), call(4), call(5));
    await first.stop();
    const second = await start([customers.replace('0.02 USD', '0.025 USD')]);
    await second.settled();
    expect(statuses().slice(2)).toEqual(['90% resolved 2026-11-11T00:00']);
    await second.stop();
    const third = await start([customers]);
    await third.settled();
    expect(statuses()).toHaveLength(3);
    expect(third.states()[0]?.thresholds.map(({ fired_at: at }) => at !== null)).toEqual([true, true, false]);
  });

  it('when the file no longer has its budget', async () => {
    const first = await start([customers]);
    await take(first, call(1), call(2), call(3), call(4));
    await first.stop();
    const second = await start(['budget: other, amount: 5 USD, period: day, preset: 80-120']);
    await second.settled();
    expect(statuses().slice(1)).toEqual(['70% resolved 2026-11-11T00:00']);
  });

  it('after a correction, once it has held for keep_firing_for', async () => {
    const budgets = await start([`${customers}, keep_firing_for: 10m`], { sweepMs: 5 });
    await take(budgets, call(1), call(2), call(3), call(4));
    await correct(budgets, call(4), undefined);
    expect(budgets.states()[0]?.spent_usd).toBe('0.012');
    now += 9 * 60_000_000;
    await new Promise((resolve) => setTimeout(resolve, 30));
    // Back again, for a moment: the wait begins anew.
    await take(budgets, call(5));
    await new Promise((resolve) => setTimeout(resolve, 30));
    await correct(budgets, call(5), undefined);
    now += 9 * 60_000_000;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(statuses()).toHaveLength(1);
    now += 10 * 60_000_000;
    await vi.waitFor(() => expect(statuses()).toEqual([expect.anything(), '70% resolved 2026-11-11T00:28']));
  });
});

describe('thresholds on the forecast', () => {
  const forecast = `budget: org, amount: 100 USD, period: month, thresholds: [
    { forecast: 100%, for: 6h, severity: warning }, { forecast: 90%, severity: info }, { at: 100%, severity: critical }]`;
  /** A call on each of the days before the 15th of November, $2.50 in October and $5 then; four weeks and more. */
  const daily = (days: number, input: number): Entry[] =>
    Array.from({ length: days }, (_, n) =>
      call(n, 'acme', { startUs: NOVEMBER + (n - 20) * DAY + DAY / 2, counts: { input: n < 20 ? 1_000_000 : input } }),
    );

  it('are told once, when they have held long enough', async () => {
    now = NOVEMBER + 14 * DAY;
    await ledger.append(daily(34, 2_000_000));
    const budgets = await start([forecast]);
    await budgets.settled();
    // 14 x $5 so far. The last 28 days: half at $2.50, half at $5; 16 days left at $3.75.
    expect(receiver.alerts.map(({ labels }) => [labels['basis'], labels['threshold']])).toEqual([['forecast', '90%']]);
    expect(receiver.alerts[0]?.annotations).toMatchObject({
      summary: expect.stringMatching(
        /^org: 130 USD of 100 USD forecast, 130%, between \d+(\.\d+)? USD and \d+(\.\d+)? USD; 70 USD spent so far \(month until 2026-12-01/,
      ),
      spent: '70 USD',
      ratio: '0.7',
      forecast: '130 USD',
      forecast_method: 'weekday',
    });
    await budgets.stop();
    // Waited for anew after a restart, then told once.
    const again = await start([forecast], { sweepMs: 5 });
    now += 5 * 3_600_000_000;
    await again.settled();
    expect(receiver.alerts).toHaveLength(1);
    now += 3_600_000_000 + 1;
    await vi.waitFor(() => expect(receiver.alerts.map(({ labels }) => labels['threshold'])).toEqual(['90%', '100%']));
    expect(again.states()).toMatchObject([
      {
        state: 'ok',
        forecast: { expected: expect.stringMatching(/^12\d/), method: 'weekday' },
        thresholds: [
          { level: '100%', basis: 'actual', fired_at: null },
          { level: '90%', basis: 'forecast', fired_at: '2026-11-15T00:00:00.000Z' },
          { level: '100%', basis: 'forecast', fired_at: expect.stringMatching(/^2026-11-15T06/) },
        ],
      },
    ]);
  });

  it('say nothing where the pace is good or it is too early', async () => {
    now = NOVEMBER + 14 * DAY;
    await ledger.append(daily(34, 1_000_000));
    const budgets = await start([
      forecast,
      `budget: early, amount: 0.01 USD, period: year, match: ['plan="x"'],
      thresholds: [{ forecast: 1%, severity: info }]`,
    ]);
    await budgets.settled();
    expect(receiver.alerts).toEqual([]);
    expect(budgets.states().map((state) => state.forecast?.expected)).toEqual(['75', undefined]);
  });
});

describe('delivery', () => {
  it('is tried again until the receiver takes it', async () => {
    const budgets = await start([customers]);
    receiver.answer(500, 429, 404, 302);
    await take(budgets, call(1), call(2), call(3), call(4));
    expect(receiver.posts.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST', 'POST', 'POST']);
    expect(await ledger.undelivered()).toEqual([]);
    expect(log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      expect.stringContaining('per-customer of customer_id="acme": 0.016 USD of 0.02 USD spent, 80%'),
      expect.stringContaining('status 500; trying again'),
      expect.stringContaining('status 429; trying again'),
      expect.stringContaining('status 404; trying again'),
      expect.stringContaining('status 302: it redirects; write the address that it leads to; trying again'),
    ]);
  });

  /** Leaves crossings in the ledger that could not be told. */
  async function leaveUndelivered(...entries: readonly Entry[]): Promise<void> {
    const budgets = await start([customers], {
      notify: webhookTo(await deadAddress()),
    });
    budgets.observe(await ledger.append(entries));
    await vi.waitFor(() => expect(log.lines.some(({ message }) => message.includes('ECONNREFUSED'))).toBe(true));
    await budgets.stop();
    expect(receiver.posts).toEqual([]);
  }

  it('goes on after a restart, and not twice', async () => {
    await leaveUndelivered(call(1), call(2), call(3), call(4));
    const second = await start([customers]);
    await second.settled();
    await second.stop();
    const third = await start([customers]);
    await third.settled();
    expect(told()).toEqual(['acme 70% 0.016 USD']);
  });

  it('of alerts of one budget that wait together is one post', async () => {
    await leaveUndelivered(call(1, 'acme', { counts: { input: 100_000 } }));
    const budgets = await start([customers]);
    await budgets.settled();
    expect(receiver.posts).toHaveLength(1);
    expect(told()).toEqual(['acme 70% 0.25 USD', 'acme 90% 0.25 USD', 'acme 110% 0.25 USD']);
    expect(receiver.posts[0]?.body.commonLabels).toEqual({
      alertname: 'BudgetThreshold',
      budget: 'per-customer',
      customer_id: 'acme',
      basis: 'actual',
      period: 'month',
    });
  });

  it('never holds up what comes in', async () => {
    const budgets = await start([customers]);
    receiver.answer('hang');
    budgets.observe(await ledger.append([call(1), call(2), call(3), call(4)]));
    await vi.waitFor(() => expect(receiver.posts).toHaveLength(1));
    budgets.observe(await ledger.append([call(5)]));
    expect(budgets.states()).toMatchObject([{ spent_usd: '0.02' }]);
    receiver.cut();
    await budgets.settled();
    expect(told()).toEqual(['acme 70% 0.016 USD', 'acme 70% 0.016 USD', 'acme 90% 0.02 USD']);
  });

  it('of one alert that is refused does not hold up its neighbours', async () => {
    await leaveUndelivered(call(1, 'acme', { counts: { input: 100_000 } }));
    // All three together, then one by one: the second is the bad one.
    receiver.answer(400, 200, 400, 400);
    const budgets = await start([customers], { directory: join(folder, 'notices') });
    await budgets.settled();
    expect(receiver.posts.map(({ body }) => body.alerts.map(({ labels }) => labels['threshold']))).toEqual([
      ['70%', '90%', '110%'],
      ['70%'],
      ['90%', '110%'],
      ['90%'],
      ['110%'],
    ]);
    // Laid aside, so that no restart tries it again.
    expect(await ledger.undelivered()).toEqual([]);
    expect(
      readFileSync(join(folder, 'notices', 'dead-letters.jsonl'), 'utf8')
        .trimEnd()
        .split('\n'),
    ).toEqual([expect.stringMatching(/"receiver":"ops","why":"status 400","alerts":\[\{"labels":.*"threshold":"90%"/)]);
    expect(log.lines.at(-1)?.message).toContain('refuses a budget alert: status 400; it is kept as a dead letter');
  });

  it('keeps credentials and paths out of the log, and sends them', async () => {
    const url = new URL(receiver.url);
    url.username = 'user';
    url.password = 'hush%20hush';
    url.pathname = '/services/T00/B00/hush';
    const budgets = await start([customers], { notify: webhookTo(url) });
    receiver.answer(500);
    await take(budgets, call(1), call(2), call(3), call(4));
    expect(receiver.posts.at(-1)?.headers.authorization).toBe(`Basic ${btoa('user:hush hush')}`);
    await budgets.stop();
    const unreachable = new URL('/hush', await deadAddress());
    unreachable.username = 'hush';
    const other = await start([customers], { notify: webhookTo(unreachable) });
    other.observe(await ledger.append([call(5)]));
    await vi.waitFor(() => expect(log.lines.some(({ message }) => message.includes('ECONNREFUSED'))).toBe(true));
    const written = JSON.stringify(log.lines.map((line) => ({ ...line, fields: [line.fields, String(line.fields)] })));
    expect(written).toContain('status 500');
    expect(written).not.toContain('hush');
  });

  it('to Alertmanager is repeated while an alert holds, which ends by itself if we do not', async () => {
    const url = new URL('/prefix/', receiver.url);
    const notify = everythingTo({ kind: 'alertmanager', place: 'alertmanager', url });
    const budgets = await start([customers], { notify, externalUrl: 'http://localhost:9464', sweepMs: 5 });
    const posted = (): Partial<Record<string, unknown>>[] =>
      receiver.posts.flatMap(({ body }) => body as unknown as Partial<Record<string, unknown>>[]);
    await take(budgets, call(1), call(2), call(3), call(4));
    expect(receiver.posts[0]?.path).toBe('/prefix/api/v2/alerts');
    expect(posted()).toEqual([
      {
        labels: expect.objectContaining({ alertname: 'BudgetThreshold', threshold: '70%' }),
        annotations: expect.objectContaining({ spent: '0.016 USD' }),
        startsAt: '2026-11-11T00:00:00.000Z',
        endsAt: '2026-11-11T00:04:00.000Z',
        generatorURL: 'http://localhost:9464',
      },
    ]);
    now += 59_000_000;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(receiver.posts).toHaveLength(1);
    now += 1_000_000;
    await vi.waitFor(() => expect(posted()[1]).toEqual({ ...posted()[0], endsAt: '2026-11-11T00:05:00.000Z' }));
    now = NOVEMBER + 30 * DAY;
    await vi.waitFor(() => expect(posted()[2]).toEqual({ ...posted()[0], endsAt: '2026-12-01T00:00:00.000Z' }));
    now += DAY;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(receiver.posts).toHaveLength(3);
  });

  it('without a webhook is the log', async () => {
    const budgets = await start([customers], { notify: undefined });
    await take(budgets, call(1), call(2), call(3), call(4));
    expect(log.lines.map(({ message }) => message)).toEqual([
      'per-customer of customer_id="acme": 0.016 USD of 0.02 USD spent, 80% (month from 2026-11-01T00:00:00.000Z)',
    ]);
    expect(await ledger.undelivered()).toEqual([]);
  });

  it('counts what it does', async () => {
    const counts: string[] = [];
    const budgets = await start([customers], {
      count: (name, amount, label = '') => amount > 0 && counts.push(`${name} ${amount} ${label}`),
    });
    receiver.answer(503);
    await take(budgets, call(1), call(2), call(3), call(4));
    expect(counts).toEqual(['budget_crossings 1 ', 'notifications_failed 1 ops', 'notifications_delivered 1 ops']);
  });
});

describe('the ledger away', () => {
  it.each(['crossing', 'addCrossing', 'markDelivered'] as const)(
    'at %s: nothing is lost or told twice',
    async (name) => {
      let failures = 3;
      const flaky: Ledger = {
        ...ledger,
        [name]: async (argument: never) => {
          if (failures-- > 0) throw new SpanledgerError('ledger_unavailable', 'ledger is locked');
          return ledger[name](argument);
        },
      };
      const budgets = await start([customers], { ledger: flaky });
      await take(budgets, call(1), call(2), call(3), call(4));
      expect(failures).toBeLessThan(0);
      expect(told()).toEqual(['acme 70% 0.016 USD']);
      expect(await ledger.undelivered()).toEqual([]);
    },
  );

  it('when it should note a delivery, and the processor stops: not told again after the start', async () => {
    let failures = 3;
    const markDelivered: Ledger['markDelivered'] = async (key) => {
      if (failures-- > 0) throw new SpanledgerError('ledger_unavailable', 'ledger is locked');
      return ledger.markDelivered(key);
    };
    const first = await start([customers], { ledger: { ...ledger, markDelivered }, firstPauseMs: 60_000 });
    first.observe(await ledger.append([call(1), call(2), call(3), call(4)]));
    await vi.waitFor(() => expect(failures).toBe(2));
    await first.stop();
    const second = await start([customers]);
    await second.settled();
    expect(told()).toEqual(['acme 70% 0.016 USD']);
  });

  it('at the start: it can be started again', async () => {
    await ledger.append([call(1), call(2), call(3), call(4)]);
    let away = true;
    const costs: Ledger['costs'] = async (query) => {
      if (away) throw new SpanledgerError('ledger_unavailable', 'ledger is locked');
      return ledger.costs(query);
    };
    const budgets = createBudgets({
      rules: rulesOf(customers),
      notify: webhookTo(receiver.url),
      log,
      now: () => now,
      ledger: { ...ledger, costs },
    });
    running.push(budgets);
    await expect(budgets.start()).rejects.toThrow('locked');
    away = false;
    await budgets.start();
    await budgets.settled();
    expect(told()).toEqual(['acme 70% 0.016 USD']);
  });
});

describe('states', () => {
  it('are those of the running period, the fullest first', async () => {
    const budgets = await start([
      `${customers}, overrides: [{ match: ['customer_id="bolt"'], amount: 1 USD }]`,
      'budget: org, amount: 5 USD, period: week, thresholds: [{ at: 4 USD, severity: info }]',
    ]);
    expect(budgets.states()).toMatchObject([{ budget: 'org', labels: {}, spent_usd: '0', ratio: 0, state: 'ok' }]);
    await take(budgets, call(1), call(2), call(3), call(4), call(5, 'bolt'), call(6, ''));
    const states = budgets.states();
    expect(states.map(({ labels, spent_usd: spent, ratio }) => [labels['customer_id'], spent, ratio])).toEqual([
      ['acme', '0.016', 0.8],
      ['', '0.004', 0.2],
      ['bolt', '0.004', 0.004],
      [undefined, '0', 0],
    ]);
    expect(states[0]).toEqual({
      budget: 'per-customer',
      labels: { customer_id: 'acme' },
      period: { kind: 'month', start: '2026-11-01T00:00:00.000Z', end: '2026-12-01T00:00:00.000Z' },
      unit: 'USD',
      amount: '0.02',
      spent: '0.016',
      amount_usd: '0.02',
      spent_usd: '0.016',
      ratio: 0.8,
      state: 'alerting',
      thresholds: [
        { at: 0.7, level: '70%', basis: 'actual', severity: 'warning', fired_at: '2026-11-11T00:00:00.000Z' },
        { at: 0.9, level: '90%', basis: 'actual', severity: 'critical', fired_at: null },
        { at: 1.1, level: '110%', basis: 'actual', severity: 'critical', fired_at: null },
      ],
      forecast: null,
      unpriced_calls: 0,
      where: 'customer_id="acme"',
    });
    // At most one key of each budget.
    expect(budgets.states(1).map(({ labels }) => labels)).toEqual([{ customer_id: 'acme' }, {}]);
  });

  it('without rules are none, and nothing runs', async () => {
    const budgets = await start([]);
    budgets.observe(await ledger.append([call(1)]));
    await budgets.settled();
    expect(budgets.states()).toEqual([]);
    await budgets.stop();
    await budgets.stop();
  });
});
