/**
 * The page before a ledger of many entries, in Chromium: `npm run bench -- page [entries]` (200,000; 10,000,000 take ten
 * minutes and 1.2 GB). With LEDGER=FILE a ledger that is there already is looked at.
 *
 * First paint: from the request of the page to its total being on the screen. A change of filter: from the choice to the last
 * panel that shows its figures. The browser runs on the same cores as the processor.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { pino } from 'pino';
import { startApp } from '../../processor/app.ts';
import { loadConfig } from '../../processor/config.ts';
import { openSqliteLedger } from '../../processor/stores/sqlite.ts';
import { missingChromium, startChromium } from '../interop/support/chromium.ts';
import { entryGroups } from './ledger/workload.ts';

const names = ['gpt-4o', 'gpt-4.1-mini', 'gpt-4.1-nano', 'gpt-4o-mini', 'gpt-4.1', 'o4-mini', 'o3', 'gpt-5-mini'];
const entries = Number(process.argv[2] ?? 200_000);
const folder = mkdtempSync(join(tmpdir(), 'spanledger-bench-'));

async function makeLedger(path: string): Promise<void> {
  const ledger = await openSqliteLedger({ path });
  const plans = ['free', 'starter', 'pro', 'enterprise'];
  for (const group of entryGroups({ entries, days: 60, untilUs: Date.now() * 1000, names, plans }))
    await ledger.append(group);
  // Days and hours are summed up between commits.
  await sleep(Math.min(120_000, 2_000 + entries / 200));
  await ledger.close();
}

/** Milliseconds until the total is painted, and until everything is there. */
async function firstPaint(page: Page, url: string): Promise<[total: number, all: number]> {
  await page.goto('about:blank');
  const start = performance.now();
  await page.goto(url, { waitUntil: 'commit' });
  await page.locator('#total .amount').waitFor();
  const total = performance.now() - start;
  await page.locator('#cheaper .head').waitFor();
  return [total, performance.now() - start];
}

/** Milliseconds from a choice until the page has told what it is, which it does last. */
async function change(page: Page, choose: () => Promise<unknown>): Promise<[total: number, all: number]> {
  const before = await page.locator('#total').innerText();
  const done = page.evaluate(`new Promise((resolve) => {
    const said = document.querySelector('#said');
    said.textContent = '';
    new MutationObserver((_, observer) => { observer.disconnect(); resolve(performance.now()); }).observe(said, { childList: true, characterData: true, subtree: true });
  })`);
  const figures = page.evaluate(
    `new Promise((resolve) => new MutationObserver((_, observer) => { observer.disconnect(); resolve(performance.now()); })
      .observe(document.querySelector('#total'), { childList: true, characterData: true, subtree: true }))`,
  );
  const start = await page.evaluate('performance.now()');
  await choose();
  const [total, all] = [await figures, await done];
  if ((await page.locator('#total').innerText()) === before) throw new Error('the figures did not change');
  return [Number(total) - Number(start), Number(all) - Number(start)];
}

function text(name: string, times: readonly (readonly [number, number])[]): string {
  const best = (index: 0 | 1): string => Math.min(...times.map((pair) => pair[index])).toFixed(0);
  const worst = (index: 0 | 1): string => Math.max(...times.map((pair) => pair[index])).toFixed(0);
  return `  ${name.padEnd(34)} figures ${best(0)} ms (worst ${worst(0)}), everything ${best(1)} ms (worst ${worst(1)})`;
}

if (missingChromium !== undefined) {
  console.log(`SKIPPED: ${missingChromium}`);
  process.exit(0);
}
const path = process.env['LEDGER'] ?? join(folder, 'ledger.db');
if (process.env['LEDGER'] === undefined) await makeLedger(path);
const env = { SPANLEDGER_LISTEN_OTLP: '127.0.0.1:0', SPANLEDGER_LISTEN_API: '127.0.0.1:0', SPANLEDGER_LEDGER: path };
const app = await startApp(loadConfig({ env, cwd: folder }), { log: pino({ level: 'silent' }) });
const browser = await startChromium();
try {
  for (const timezoneId of ['UTC', 'Europe/Berlin', 'Asia/Kolkata']) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, timezoneId });
    const paints: [number, number][] = [];
    for (let i = 0; i < 3; i++) paints.push(await firstPaint(page, app.apiUrl));
    console.log(`${timezoneId}: ${await page.locator('#total .amount').innerText()}`);
    console.log(text('first paint', paints));
    const period = (value: string) =>
      change(page, () => page.locator(`input[value="${value}"]`).check({ force: true }));
    const plan = (label: string) => change(page, () => page.locator('#plan').selectOption({ label }));
    await page.locator('#plan option', { hasText: 'free' }).waitFor({ state: 'attached' });
    console.log(text('7 days, 24 hours, 30 days', [await period('7d'), await period('24h'), await period('30d')]));
    console.log(text('plan free, pro, all', [await plan('free'), await plan('pro'), await plan('All plans')]));
    await page.close();
  }
} finally {
  await browser.close();
  await app.stop();
  rmSync(folder, { recursive: true, force: true });
}
