import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { features, makeHistory, otlpRequests, type HistoryCall } from '../../examples/history.ts';
import { costOf } from '../../examples/rates.ts';
import { formatUsd } from '../../pricing/money.ts';
import { startApp, type App } from '../../processor/app.ts';
import { loadConfig } from '../../processor/config.ts';
import { missingChromium, startChromium } from './support/chromium.ts';

if (missingChromium !== undefined) process.stderr.write(`SKIPPED: the page is not tried: ${missingChromium}\n`);

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const hostile = '<img src=x onerror=alert(1)>';
const HOUR = 3_600_000;

describe.skipIf(missingChromium !== undefined)('the page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanledger-page-'));
  const apps: App[] = [];
  let browser: Browser;
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser.close();
    for (const app of apps) await app.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(name: string, budgets?: string, more: Readonly<Record<string, string>> = {}): Promise<App> {
    const env: Record<string, string> = {
      SPANLEDGER_LISTEN_OTLP: '127.0.0.1:0',
      SPANLEDGER_LISTEN_API: '127.0.0.1:0',
      SPANLEDGER_LEDGER: join(folder, `${name}.db`),
      ...more,
    };
    if (budgets !== undefined) {
      env['SPANLEDGER_BUDGETS'] = join(folder, `${name}.yaml`);
      writeFileSync(env['SPANLEDGER_BUDGETS'], budgets);
    }
    const app = await startApp(loadConfig({ env, cwd: folder }));
    apps.push(app);
    return app;
  }

  /** A page that remembers whatever is refused, thrown, or asked of another host. */
  async function open(app: App, path = '/', options: Parameters<Browser['newPage']>[0] = {}): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    const wrong: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') wrong.push(message.text());
    });
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(app.apiUrl)) wrong.push(`asked ${request.url()}`);
    });
    page.on('dialog', (dialog) => wrong.push(`a script ran: ${dialog.message()}`));
    troubles.set(page, wrong);
    await page.goto(`${app.apiUrl}${path}`);
    await page.locator('#figures:not([aria-busy])').waitFor({ state: 'attached' });
    return page;
  }

  describe('from nothing to the first call', () => {
    let app: App;
    let page: Page;
    beforeAll(async () => {
      app = await start('first');
      page = await open(app);
    });
    afterAll(() => done(page));

    test('waits, and says what to do', async () => {
      expect(await page.locator('#lesson h2').textContent()).toBe(`Waiting on :${new URL(app.otlpUrl).port}`);
      expect(await page.locator('#lesson pre').first().textContent()).toContain(
        `OTEL_EXPORTER_OTLP_ENDPOINT=${app.otlpUrl} node --require spanledger/instrumentation app.js`,
      );
      expect(await violations(page)).toEqual([]);
    });

    test('tells of spans that are no calls, without being reloaded', async () => {
      await post(app, [span({ 'http.route': '/' }), span({ 'http.route': '/' })]);
      await page.getByText('2 spans arrived, none of them an LLM call').waitFor();
      expect(await page.locator('#lesson tbody').textContent()).toBe('page-test2');
      expect(await violations(page)).toEqual([]);
    });

    test('shows the first call, and how to tag it and set a budget', async () => {
      await post(app, [call('gpt-4o', 800, 200)]);
      await page.locator('#total .amount', { hasText: '$0.004' }).waitFor();
      expect(await rows(page, 'customer')).toEqual(['Unassigned $0.004']);
      await page.locator('#customer pre', { hasText: 'withTags' }).waitFor();
      expect(await page.locator('#trust').textContent()).toContain('tagged 0\u00a0%');
      expect(await violations(page)).toEqual([]);
    });
  });

  test('asks for a token where the ledger has one, and keeps what was linked to', async () => {
    const app = await start('token', undefined, { SPANLEDGER_TOKEN_READ: 'a-long-enough-secret-to-read' });
    await post(app, [call('gpt-4o', 800, 200)]);
    // Without `open`: the browser itself reports the 401.
    const page = await browser.newPage();
    await page.goto(`${app.apiUrl}/?derive=`);
    await page.locator('#token h2', { hasText: 'asks for a token' }).waitFor();
    expect(await page.locator('#figures').isVisible()).toBe(false);
    expect(await violations(page)).toEqual([]);
    await page.keyboard.type('wrong');
    await page.keyboard.press('Enter');
    await page.locator('#token h2', { hasText: 'can’t read' }).waitFor();
    await page.keyboard.type('a-long-enough-secret-to-read');
    await page.keyboard.press('Enter');
    await page.locator('dialog[open] .total', { hasText: '$0.004' }).waitFor();
    await page.keyboard.press('Escape');
    const saved = page.waitForEvent('download');
    await page.getByRole('link', { name: 'CSV: By model' }).click();
    expect(readFileSync(await (await saved).path(), 'utf8')).toContain('openai,gpt-4o,1,0.004,0,800,200');
    await page.close();
  });

  test('budgets and customers teach, too, where there are none', async () => {
    const app = await start('bare');
    await post(app, [call('gpt-4o', 800, 200)]);
    const page = await open(app, '/?screen=budgets');
    await page.locator('#budget-list pre', { hasText: 'npx spanledger budgets init' }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('link', { name: 'Customers', exact: true }).click();
    await page.waitForURL('**/?screen=customers');
    await page.locator('#concentration pre', { hasText: 'withTags' }).waitFor();
    expect(await page.getByRole('link', { name: 'Customers', exact: true }).getAttribute('aria-current')).toBe('page');
    await done(page);
  });

  describe('of doubtful calls', () => {
    let app: App;
    beforeAll(async () => {
      app = await start('doubts');
      const tags = { 'spanledger.feature': 'labs', 'spanledger.customer_id': 'acme' };
      // The earliest of those that have a price: it stands last in lists of them.
      const twice = call('gpt-4o-2024-11-20', 800, 200, tags, Date.now() - 120_000);
      await post(app, [
        twice,
        call('gpt-4o', 800, 200, { ...tags, 'gen_ai.provider.name': 'azure.ai.openai' }),
        call('gpt-4o', 800, 200, { ...tags, 'spanledger.usage.state': 'estimated' }),
        span({ 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-4o' }),
        call('acme-13b', 1_000, 250, { 'gen_ai.provider.name': 'acme' }),
        call('gpt-4o', 800, 200, tags, 5_000),
        call('gpt-4o', 800, 200, tags, Date.now() + 72 * HOUR),
      ]);
      await post(app, [twice]);
    });

    test('Quality tells all of them', async () => {
      const page = await open(app, '/?screen=quality');
      const facts = async (panel: string): Promise<string> =>
        (await page.locator(panel).innerText()).replace(/\s+/g, ' ');
      expect(await facts('#tags')).toMatch(/Without a customer 2 40 % of calls, — .*Without a feature 2 40 % of calls/);
      expect(await facts('#unpriced')).toMatch(/acme-13b acme 1 1,250 — .*price is known for this provider 1/);
      expect(await facts('#unpriced')).toContain('the span carries no usage 1');
      expect(await facts('#usage')).toMatch(/Estimated 1 20 % .*Absent: the span has no usage 1 20 %/);
      expect(await facts('#times')).toMatch(/Began before 2020 1 call, — Begin in the future 1 call, \$0\.004/);
      expect(await facts('#received')).toMatch(/Calls that were new 7 Sent again, charged once 1/);
      expect(await facts('#prices')).toMatch(/Last checked \d{4}-\d\d-\d\d, \d+ days ago/);
      expect(await facts('#names')).toMatch(/gpt-4o-2024-11-20 openai gpt-4o\S* openai 1/);
      expect(await facts('#held')).toContain('Told twice, charged once 0');
      expect(await violations(page)).toEqual([]);
      await page.locator('#times .amount').first().click();
      await page.locator('dialog .plain-rows').waitFor();
      expect(await page.locator('dialog .calls tbody tr').count()).toBe(1);
      await done(page);
    });

    test('a derivation says whose price it was, and a call under which name it came', async () => {
      const page = await open(app, `/?derive=${encodeURIComponent('provider="azure"')}`);
      await page.locator('dialog .price', { hasText: 'list price of openai, whose models azure sells' }).waitFor();
      await page.goto(`${app.apiUrl}/?derive=${encodeURIComponent('provider="openai",status="priced"')}`);
      await page.locator('dialog .total').waitFor();
      await page.locator('dialog .calls .amount').last().click();
      await page.locator('dialog h2', { hasText: 'One call' }).waitFor();
      await page
        .locator('dialog .price', { hasText: 'Sent as' })
        .or(page.locator('dialog .facts-list'))
        .first()
        .waitFor();
      expect(await page.locator('dialog').innerText()).toContain('gpt-4o-2024-11-20');
      await done(page);
    });
  });

  describe('of four weeks', () => {
    let app: App;
    let history: readonly HistoryCall[];
    beforeAll(async () => {
      app = await start('weeks', budgets);
      history = makeHistory(Date.now());
      for (const body of otlpRequests(history, 1000)) await post(app, body);
      const tags = { 'spanledger.feature': 'labs', 'spanledger.plan': 'pirate' };
      await post(app, [
        call('gpt-4o', 1250, 340, { ...tags, 'spanledger.customer_id': hostile }),
        call('acme-13b', 1_000_000, 250_000, {
          ...tags,
          'gen_ai.provider.name': 'acme',
          'spanledger.feature': 'lab-2',
        }),
      ]);
    });

    test('gives the total and its parts to the cent', async () => {
      const page = await open(app);
      expect(await page.locator('#total .amount').textContent()).toBe('$32.01');
      expect(await rows(page, 'feature')).toEqual([
        'summarizer $14.00',
        'chatbot $7.20',
        'email-generator $4.80',
        'search $3.40',
        'classifier $1.80',
        'admin $0.80',
        'labs $0.006525',
        'lab-2 —',
      ]);
      expect((await rows(page, 'customer')).some((row) => row.startsWith('Other customers $'))).toBe(true);
      expect(await page.locator('#trust').textContent()).toContain('unpriced 1');
      expect(await page.locator('#total').textContent()).toContain('1\u00a0call is not in this figure');
      expect(await violations(page)).toEqual([]);
      await done(page);
    });

    test('answers which feature grows fastest, to the cent', async () => {
      const page = await open(app);
      const to = Date.parse((await page.locator('#growth .amount').first().getAttribute('data-to')) ?? '');
      expect(to % HOUR).toBe(0);
      const cost = (feature: string, from: number, until: number): bigint =>
        sum(history.filter((call) => call.feature === feature && call.startMs >= from && call.startMs < until));
      const expected = features
        .map(
          ({ feature }) =>
            [feature, cost(feature, to - 168 * HOUR, to), cost(feature, to - 336 * HOUR, to - 168 * HOUR)] as const,
        )
        .toSorted((a, b) => Number(b[1] - b[2] - (a[1] - a[2])))
        .map(([feature, week, before]) => [feature, ...[week, before].map((usd) => cents(formatUsd(usd)))].join('|'));
      const found = await cells(page, '#growth tbody tr');
      const shown = found.map((row) => row.split('|')).filter(([name = '']) => !name.startsWith('lab'));
      expect(shown.map(([name, week = '', before = '']) => [name, cents(week), cents(before)].join('|'))).toEqual(
        expected,
      );
      expect(found[0]).toMatch(/^chatbot\|.*\|\+\d+/);
      await page.locator('#growth .amount').first().click();
      await page.locator('dialog .total').waitFor();
      expect(cents((await page.locator('dialog .sum').textContent()) ?? '')).toBe(expected[0]?.split('|')[1]);
      await done(page);
    });

    test('answers which feature may use the wrong model, line by line, and says what it did not compare', async () => {
      const page = await open(app);
      const first = page.locator('#cheaper li').first();
      await first.locator('summary').click();
      expect(await first.innerText()).toMatch(/^summarizer gpt-4o/);
      expect(await page.locator('#cheaper').innerText()).toContain('Quality was not compared.');
      const candidates = await first.locator('.candidate').allInnerTexts();
      expect(candidates.length).toBeGreaterThan(1);
      for (const text of candidates) {
        const [, would = '', saves = ''] = / \$([\d.,]+), saves \$([\d.,]+)/.exec(text) ?? [];
        expect(cents(String(Number(would) + Number(saves)))).toBe('14.00');
      }
      const [would] = await first.locator('tfoot .right').allInnerTexts();
      expect(candidates[0]).toContain(` ${would}, saves`);
      await first.locator('.amount').click();
      await page.locator('dialog .total', { hasText: '$14.00' }).waitFor();
      await done(page);
    });

    test('answers what each plan costs, to the cent, and claims no margin', async () => {
      const page = await open(app);
      const plans = Map.groupBy(history, ({ plan }) => plan);
      for (const [plan, calls] of plans) {
        const usd = formatUsd(sum(calls));
        const row = await page.locator('#plans tbody tr', { hasText: plan }).locator('th, td').allTextContents();
        const holders = new Set(calls.map(({ customer }) => customer)).size;
        expect([row[0], cents(row[1] ?? ''), row[4], row[5]]).toEqual([plan, cents(usd), String(holders), '—']);
      }
      await done(page);
    });

    test('answers what one call costs', async () => {
      const page = await open(app);
      const shown = await cells(page, '#action tbody tr');
      for (const { feature, model, input, output, calls } of features) {
        const usd = `$${formatUsd(costOf(model, input, output))}`;
        expect(shown).toContain([feature, calls.toLocaleString('en-US'), usd].join('|'));
      }
      await done(page);
    });

    test('lists customers whose costs sum to the total, and how few make most of it', async () => {
      const page = await open(app, '/?screen=customers');
      const shown = await page.locator('#customer-list td:nth-child(3) .amount').allTextContents();
      expect(shown.length).toBe(14);
      const byCustomer = Map.groupBy(history, ({ customer }) => customer);
      const [, dearest = []] = [...byCustomer].toSorted(([, a], [, b]) => Number(sum(b) - sum(a)))[0] ?? [];
      expect(cents(shown[0] ?? '')).toBe(cents(formatUsd(sum(dearest))));
      expect(await page.locator('#concentration').innerText()).toMatch(/Customers\s+13\s/);
      expect(await violations(page)).toEqual([]);
      await page.locator('#customer-list .amount').first().click();
      await page.locator('dialog .total').waitFor();
      expect(cents((await page.locator('dialog .sum').textContent()) ?? '')).toBe(cents(shown[0] ?? ''));
      await done(page);
    });

    test.each(['budgets', 'customers', 'quality'])(
      '%s is legible on a phone in the dark, and no wider',
      async (screen) => {
        const page = await open(app, `/?screen=${screen}`, {
          colorScheme: 'dark',
          viewport: { width: 390, height: 844 },
        });
        expect(await violations(page)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
        await done(page);
      },
    );

    test('a name is text, whatever is in it', async () => {
      const page = await open(app, '/?plan=pirate');
      expect(await rows(page, 'customer')).toContain(`${hostile} $0.006525`);
      expect(await page.locator('#figures img').count()).toBe(0);
      await done(page);
    });

    test('opens the derivation of an amount: tokens x rate = amount, line by line', async () => {
      const page = await open(app);
      await page.locator('#feature .amount', { hasText: '$14.00' }).click();
      const dialog = page.locator('dialog[open]');
      await dialog.locator('.total').waitFor();
      expect(await dialog.locator('h2').textContent()).toBe('feature summarizer');
      expect(await cells(page, 'dialog .lines tbody tr')).toEqual([
        'input|2,800,000|× $2.50 / 1M|= $7.00',
        'output|700,000|× $10.00 / 1M|= $7.00',
      ]);
      expect(await dialog.locator('.total').textContent()).toBe('2\u00a0lines, added up exactly$14.00');
      expect(await dialog.locator('.price').textContent()).toMatch(
        /^Price openai\/gpt-4o\S*, list price, version \S+$/,
      );
      expect(await dialog.locator('.calls tbody tr').count()).toBe(25);
      expect(await violations(page)).toEqual([]);

      await dialog.getByRole('button', { name: 'Show more' }).click();
      await expect.poll(() => dialog.locator('.calls tbody tr').count()).toBe(50);
      await dialog.locator('.calls .amount').first().click();
      await page.locator('dialog h2', { hasText: 'One call' }).waitFor();
      await expect.poll(() => page.locator('dialog .sum').textContent()).toBe('$0.014');
      await dialog.getByRole('button', { name: 'Back' }).click();
      await page.locator('dialog h2', { hasText: 'feature summarizer' }).waitFor();
      await page.keyboard.press('Escape');
      await expect.poll(() => page.locator('dialog[open]').count()).toBe(0);
      await expect.poll(() => new URL(page.url()).search).toBe('');
      await done(page);
    });

    test.each([
      ['Other customers', '#customer .rows li:last-child .amount'],
      ['a model', '#model .amount >> nth=1'],
      ['a budget', '#budget-list li:has-text("customer-yearly") .amount >> nth=0'],
      ['a day', '#days td .amount >> nth=3'],
      ['everything', '#total .amount'],
    ])('what is shown for %s is what is derived', async (_, selector) => {
      const page = await open(app, selector.startsWith('#budget') ? '/?screen=budgets' : '/?environment=production');
      if (selector.startsWith('#days')) await page.locator('#days summary').click();
      const shown = await page.locator(selector).textContent();
      await page.locator(selector).click();
      const sum = (await page.locator('dialog .sum').textContent()) ?? '';
      expect(cents(sum)).toBe(cents(shown ?? ''));
      expect(await page.locator('dialog .total').textContent()).toContain('added up exactly');
      await done(page);
    });

    test('counts a budget of requests in requests', async () => {
      const page = await open(app, '/?screen=budgets');
      const row = page.locator('#budget-list li', { hasText: 'year-of-calls' });
      expect(await row.locator('.of').textContent()).toMatch(/^[\d,]+ of 9,000 requests$/);
      await row.locator('.amount').click();
      await page.locator('dialog .total').waitFor();
      await done(page);
    });

    test('names the calls without a price, and why', async () => {
      const page = await open(app);
      await page.locator('#trust button').click();
      await page.locator('dialog .plain-rows').waitFor();
      expect(await page.locator('dialog .sum').textContent()).toBe('—');
      expect(await page.locator('dialog .plain-rows').textContent()).toMatch(
        /acme-13b acme.*price is known.*1\u00a0call · 1,000,000 input · 250,000 output/,
      );
      await done(page);
    });

    test('can be used with the keyboard alone, and gives the focus back', async () => {
      const page = await open(app);
      const amount = page.locator('#feature .amount').nth(1);
      await amount.focus();
      await page.keyboard.press('Enter');
      await page.locator('dialog[open] .total').waitFor();
      await page.keyboard.press('Escape');
      await expect.poll(() => page.evaluate('document.activeElement?.textContent')).toBe('$7.20');
      await page.locator('input[value="30d"]').focus();
      await page.keyboard.press('ArrowLeft');
      await page.waitForURL('**/?period=7d');
      await done(page);
    });

    test('keeps the filters in the URL, for the back button and for others', async () => {
      const page = await open(app);
      await page.locator('#plan').selectOption({ label: 'free' });
      await page.waitForURL('**/?plan=free');
      await expect.poll(() => page.locator('#total .amount').textContent()).not.toBe('$32.01');
      const free = await page.locator('#total .amount').textContent();
      await page.reload();
      await expect.poll(() => page.locator('#total .amount').textContent()).toBe(free);
      expect(await page.locator('#plan').inputValue()).toBe('=free');
      await page.goBack();
      await expect.poll(() => page.locator('#total .amount').textContent()).toBe('$32.01');
      await done(page);
    });

    test('a link opens a derivation', async () => {
      const page = await open(app, `/?derive=${encodeURIComponent('feature="search"')}`);
      await page.locator('dialog[open] .total', { hasText: '$3.40' }).waitFor();
      await page.getByRole('button', { name: 'Close' }).click();
      await expect.poll(() => new URL(page.url()).search).toBe('');
      await done(page);
    });

    test('says so when nothing is found', async () => {
      const page = await open(app, '/?plan=none-such');
      expect(await page.locator('#lesson').textContent()).toContain('none in the last 30 days, with plan none-such');
      await page.getByRole('button', { name: 'Clear the filters' }).click();
      await page.locator('#total .amount', { hasText: '$32.01' }).waitFor();
      await done(page);
    });

    test.each([
      ['light', 390],
      ['dark', 390],
      ['dark', 1280],
    ] as const)('is legible in %s at %d px, and never wider than the screen', async (colorScheme, width) => {
      const page = await open(app, '/', { colorScheme, viewport: { width, height: 844 } });
      expect(await violations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      await page.locator('#total .amount').click();
      await page.locator('dialog .total').waitFor();
      expect(await violations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      await done(page);
    });

    test('says that it is cut off, keeps the figures, and comes back', async () => {
      const page = await browser.newPage();
      await page.goto(app.apiUrl);
      await page.locator('#total .amount').waitFor();
      await page.context().setOffline(true);
      await page.locator('#trouble', { hasText: 'can’t be reached' }).waitFor();
      expect(await page.locator('#total .amount').textContent()).toBe('$32.01');
      await page.context().setOffline(false);
      await page.locator('#trouble').waitFor({ state: 'hidden' });
      await done(page);
    });

    // The last one: it adds to the ledger.
    test('shows what is new without taking the focus or the opened table away', async () => {
      const page = await open(app);
      await page.locator('#days summary').click();
      const amount = page.locator('#feature .amount').nth(2);
      await amount.focus();
      await page.evaluate('document.activeElement.mark = true');
      await post(app, [call('gpt-4o', 400_000, 0, { 'spanledger.feature': 'upstart' })]);
      // It rests five times as long as its figures took.
      await page.locator('#total .amount', { hasText: '$33.01' }).waitFor({ timeout: 60_000 });
      expect(await rows(page, 'feature')).toContain('upstart $1.00');
      expect(await page.evaluate('document.activeElement.mark')).toBe(true);
      expect(await page.locator('#days details').getAttribute('open')).not.toBeNull();
      await done(page);
    });
  });
});

const troubles = new WeakMap<Page, readonly string[]>();

async function done(page: Page): Promise<void> {
  await page.close();
  expect(troubles.get(page) ?? []).toEqual([]);
}

const budgets = `groups:
  - name: customers
    rules:
      - budget: customer-yearly
        by: [customer_id]
        amount: 5 USD
        period: year
        thresholds: [{ at: 70%, severity: warning }, { at: 110%, severity: critical }]
      - budget: year-of-calls
        amount: 9000 requests
        period: year
        thresholds: [{ at: 100%, severity: warning }]
`;

async function post(app: App, body: Uint8Array | readonly unknown[]): Promise<void> {
  const packed = body instanceof Uint8Array;
  const scopeSpans = [{ scope: { name: 'page-test' }, spans: body }];
  const response = await fetch(`${app.otlpUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(packed ? { 'content-encoding': 'gzip' } : {}) },
    body: packed ? Buffer.from(body) : JSON.stringify({ resourceSpans: [{ scopeSpans }] }),
  });
  expect(response.status).toBe(200);
}

function call(
  model: string,
  input: number,
  output: number,
  more: Readonly<Record<string, string>> = {},
  start?: number,
): unknown {
  const attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': model,
    'gen_ai.usage.input_tokens': input,
    'gen_ai.usage.output_tokens': output,
    ...more,
  };
  return span(attributes, start);
}

function sum(calls: readonly HistoryCall[]): bigint {
  return calls.reduce((sum, { model, input, output }) => sum + costOf(model, input, output), 0n);
}

/** A minute ago, so that it is in every period. */
function span(attributes: Readonly<Record<string, string | number>>, start = Date.now() - HOUR / 60): unknown {
  return {
    traceId: randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    name: 'span',
    kind: 3,
    startTimeUnixNano: `${start}000000`,
    endTimeUnixNano: `${start + 900}000000`,
    attributes: Object.entries(attributes).map(([key, value]) => ({
      key,
      value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
    })),
  };
}

/** Name and amount of the rows of a panel. */
async function rows(page: Page, panel: string): Promise<string[]> {
  const names = await page.locator(`#${panel} .rows .name`).allTextContents();
  const amounts = await page.locator(`#${panel} .rows .amount`).allTextContents();
  return names.map((name, i) => `${name} ${amounts[i]}`);
}

async function cells(page: Page, selector: string): Promise<string[]> {
  const found = await page.locator(selector).all();
  return Promise.all(found.map(async (row) => (await row.locator('th, td').allTextContents()).join('|')));
}

/** @example cents('$32.006525') // '32.01' */
function cents(amount: string): string {
  return Number(amount.replace(/[$,]/g, '')).toFixed(2);
}

/** What axe finds wrong: contrast, labels, roles, names. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const result = (await page.evaluate('axe.run()')) as { violations: { id: string; nodes: { html: string }[] }[] };
  return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
