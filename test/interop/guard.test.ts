/** The guard as it is used: a processor, an application of its own process with the real clients, a simulated provider. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { formatUsd, parseUsd } from '../../pricing/money.ts';
import { startApp, type App } from '../../processor/app.ts';
import { defaultConfig } from '../../processor/config.ts';
import { temporaryFolder } from '../support/ledger.ts';
import { startProvider, type Provider } from '../support/provider.ts';
import { appFile, preload } from '../instrumentation/run-app.ts';

/** Haiku 4.5 costs 1 and 5 USD a million: a call of 2,000 and 600 tokens costs half a cent. */
const haiku = 'claude-haiku-4-5';
const usage = { input: 2000, output: 600 };
const models = {
  // Of which no call costs more than it may: 600 tokens at 8 USD a million, and next to no prompt.
  'gpt-4.1': { usage: { input: 1, output: 600 } },
  [haiku]: { usage },
  'gpt-4o': { usage },
  'gpt-4.1-nano': { usage },
};

const budgets = `groups:
  - name: g
    rules:
      - budget: agents
        match: ['customer_id!~"|dollar.*"']
        by: [customer_id]
        amount: 0.10 USD
        period: month
        overrides: [{ match: ['customer_id=~"few.*"'], amount: 0.02 USD }]
        thresholds: [{ at: 110%, severity: critical, action: { cap: { message: 'Your AI budget is used up' } } }]
      - budget: dollar
        match: ['customer_id=~"dollar.*"']
        by: [customer_id]
        amount: 1 USD
        period: month
        thresholds: [{ at: 100%, severity: critical, action: { cap: {} } }]
      - budget: leased
        match: ['customer_id="dollar-leased"']
        amount: 1 USD
        period: month
        thresholds: [{ at: 100%, severity: critical, action: { cap: { lease: true } } }]
      - budget: cheaper
        match: ['customer_id="thrifty"']
        amount: 0.01 USD
        period: month
        thresholds: [{ at: 50%, severity: info, action: { throttle: { to: gpt-4.1-nano } } }]
      - budget: strict
        match: ['customer_id="unknown-dev"']
        amount: 1 USD
        period: month
        fail_mode: closed
        thresholds: [{ at: 100%, severity: info, action: { cap: {} } }]
`;

interface Result {
  readonly ok?: string;
  readonly status?: number;
  readonly refused?: Readonly<Record<string, unknown>>;
  readonly failed?: string;
}
interface Status {
  readonly source: string;
  readonly models: number;
  readonly open: number;
  readonly counts: Readonly<Record<string, number>>;
}

interface Stage extends Application {
  readonly provider: Provider;
  readonly app: App;
  /** Another process of the same application. */
  readonly another: () => Promise<Application>;
}

interface Application {
  readonly call: (kind: string, customer: string, model: string, times?: number) => Promise<readonly Result[]>;
  readonly status: () => Promise<Status>;
  readonly until: <T>(what: () => Promise<T | undefined>) => Promise<T>;
  readonly stderr: () => string;
}

async function stage(env: Readonly<Record<string, string>> = { SPANLEDGER_GUARD: 'cap' }): Promise<Stage> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'budgets.yaml'), budgets);
  const any = { host: '127.0.0.1', port: 0 };
  const listen = { ...defaultConfig().listen, otlp: any, grpc: undefined, api: any };
  const config = {
    ...defaultConfig(),
    listen,
    ledger: join(folder, 'spanledger.db'),
    budgets: join(folder, 'budgets.yaml'),
  };
  const app = await startApp(config, { log: pino({ level: 'silent' }) });
  onTestFinished(() => app.stop());
  const provider = await startProvider({ models });
  onTestFinished(() => provider.stop());
  const another = (): Promise<Application> => start(provider, app, env);
  return { provider, app, another, ...(await another()) };
}

async function start(provider: Provider, app: App, env: Readonly<Record<string, string>>): Promise<Application> {
  const child = spawn(process.execPath, ['--no-warnings', '--require', preload, appFile('guarded.mjs')], {
    env: {
      PATH: process.env['PATH'],
      PROVIDER: provider.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: app.otlpUrl,
      OTEL_BSP_SCHEDULE_DELAY: '20',
      SPANLEDGER_API_ENDPOINT: app.apiUrl,
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill());
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (question: object): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value } = (await lines.next()) as { value?: string };
    if (value === undefined) throw new Error(`the application ended: ${stderr}`);
    return JSON.parse(value);
  };
  const made: Application = {
    call: async (kind, customer, model, times = 1) =>
      (await ask({ kind, customer, model, times })) as readonly Result[],
    status: async () => (await ask({ kind: 'status' })) as Status,
    async until(what) {
      for (const from = performance.now(); performance.now() - from < 10_000;) {
        const found = await what();
        if (found !== undefined) return found;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      throw new Error(`it did not come to be; ${stderr}`);
    },
    stderr: () => stderr,
  };
  // The feed is there from the start where calls may be refused.
  if (env['SPANLEDGER_GUARD'] === 'cap' && env['SPANLEDGER_API_ENDPOINT'] === undefined)
    await made.until(async () => ((await made.status()).source === 'live' ? true : undefined));
  return made;
}

it('the runaway customer is refused at its 23rd call, which reaches no provider; others go on', async () => {
  const { call, provider, status, until } = await stage();
  await call('anthropic', '', haiku);
  await until(async () => ((await status()).models > 0 ? true : undefined));
  const before = provider.requests.length;
  for (let at = 1; at <= 22; at++) expect(await call('anthropic', 'runaway', haiku)).toEqual([{ ok: haiku }]);
  const [refused] = await call('anthropic', 'runaway', haiku);
  expect(refused?.refused).toMatchObject({
    status: 402,
    type: 'urn:spanledger:error:budget_exceeded',
    detail: 'Your AI budget is used up',
    budget: 'agents',
    spent: '0.11',
    limit: '0.11',
    unit: 'USD',
    reset_at: expect.stringMatching(/-01T00:00:00.000Z$/),
  });
  expect(provider.requests).toHaveLength(before + 22);
  // What the instrumentation sees without a client, and what is asked by hand, is refused alike.
  expect(await call('fetch', 'runaway', haiku)).toEqual([{ ok: 'Your AI budget is used up', status: 402 }]);
  expect((await call('run', 'runaway', haiku))[0]?.refused).toMatchObject({ budget: 'agents' });
  expect(await call('cached', 'runaway', haiku)).toEqual([{ ok: 'cache' }]);
  expect(provider.requests).toHaveLength(before + 22);
  expect((await call('anthropic', 'other', haiku))[0]).toEqual({ ok: haiku });
  expect(await status()).toMatchObject({ open: 0, source: 'live' });
});

it('of 20 calls at once of a customer that nobody knows, those pass that fit', async () => {
  const { call, provider, status, until } = await stage();
  await call('anthropic', '', haiku);
  await until(async () => ((await status()).models > 0 ? true : undefined));
  const before = provider.requests.length;
  const results = await call('anthropic', 'few-1', haiku, 20);
  const passed = results.filter(({ ok }) => ok !== undefined).length;
  // 2.2 cents, of which a quarter may be spent elsewhere; each may cost 0.3 cents and its prompt.
  expect(passed).toBe(5);
  expect(results.filter(({ refused }) => refused !== undefined)).toHaveLength(15);
  expect(provider.requests).toHaveLength(before + passed);
});

it('a cheaper model is called in the place of the one asked for, and the ledger has both names', async () => {
  const { call, app, until, provider } = await stage();
  expect(await call('openai', 'thrifty', 'gpt-4o')).toEqual([{ ok: 'gpt-4o' }]);
  await until(async () => ((await call('openai', 'thrifty', 'gpt-4o'))[0]?.ok === 'gpt-4.1-nano' ? true : undefined));
  expect(provider.requests.at(-1)?.body?.['model']).toBe('gpt-4.1-nano');
  expect((await call('fetch', 'thrifty', 'gpt-4o'))[0]?.ok).toBe('gpt-4.1-nano');
  expect((await call('run', 'thrifty', 'gpt-4o'))[0]?.ok).toBe('gpt-4.1-nano');
  // The one that is as cheap stays.
  expect((await call('openai', 'thrifty', 'gpt-4.1-nano'))[0]?.ok).toBe('gpt-4.1-nano');
  const entries = await until(async () => {
    const response = await fetch(`${app.apiUrl}/api/v1/entries?where=model="gpt-4.1-nano"`);
    const { entries } = (await response.json()) as { entries: { fallback_from: string }[] };
    return entries.length >= 4 ? entries : undefined;
  });
  expect(entries.map(({ fallback_from }) => fallback_from).filter((from) => from === '')).toHaveLength(1);
  expect(entries.map(({ fallback_from }) => fallback_from)).toContain('gpt-4o');
});

it('without a processor calls pass, and those that are capped stay so', async () => {
  const { call, app, provider, until } = await stage();
  await until(async () => (await call('anthropic', 'few', haiku))[0]?.refused);
  expect((await call('anthropic', 'few', haiku))[0]?.refused).toMatchObject({ budget: 'agents' });
  await app.stop();
  expect((await call('anthropic', 'few', haiku))[0]?.refused).toMatchObject({ budget: 'agents' });
  const before = provider.requests.length;
  expect((await call('anthropic', 'other', haiku))[0]).toEqual({ ok: haiku });
  expect(provider.requests).toHaveLength(before + 1);
});

it('by default nothing is refused: it is counted, and told once', async () => {
  const { call, status, until, stderr } = await stage({});
  await call('anthropic', 'few', haiku);
  await until(async () => ((await status()).source === 'live' ? true : undefined));
  await until(async () => {
    expect((await call('anthropic', 'few', haiku))[0]).toEqual({ ok: haiku });
    return ((await status()).counts['would_cap'] ?? 0) > 2 ? true : undefined;
  });
  expect(stderr().split('the budget agents is reached')).toHaveLength(2);
});

it('where the processor was never heard calls pass, unless that is told otherwise', async () => {
  const away = { SPANLEDGER_API_ENDPOINT: 'http://127.0.0.1:9', SPANLEDGER_GUARD: 'cap' };
  const open = await stage({ ...away, SPANLEDGER_GUARD_FAIL: 'open' });
  expect((await open.call('anthropic', 'a', haiku))[0]).toEqual({ ok: haiku });
  const closed = await stage({ ...away, SPANLEDGER_GUARD_FAIL: 'closed' });
  expect((await closed.call('anthropic', 'a', haiku))[0]?.refused).toMatchObject({ status: 402 });
  expect(closed.provider.requests).toEqual([]);
});

/** Two processes call four at a time until neither is let through any more; what that has cost in the end. */
async function spendTogether(customer: string): Promise<bigint> {
  const first = await stage();
  const both = [first, await first.another()];
  await first.call('openai', '', 'gpt-4.1');
  for (const { status, until } of both) await until(async () => ((await status()).models > 0 ? true : undefined));
  let refusedInARow = 0;
  while (refusedInARow < 5) {
    const results = (await Promise.all(both.map(({ call }) => call('openai', customer, 'gpt-4.1', 4)))).flat();
    refusedInARow = results.every(({ refused }) => refused !== undefined) ? refusedInARow + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, refusedInARow * 200));
  }
  return first.until(async () => {
    const url = `${first.app.apiUrl}/api/v1/costs?where=customer_id="${customer}"`;
    const { total } = (await (await fetch(url)).json()) as { total: { cost_usd: string; calls: number } };
    const called = first.provider.requests.length - 1;
    return total.calls === called ? parseUsd(total.cost_usd) : undefined;
  });
}

it('two processes that share a dollar go over it by what neither knew of the other; with leases never', async () => {
  const [dollar, call] = [parseUsd('1'), parseUsd('0.004802')];
  const soft = await spendTogether('dollar');
  // Instances × (open calls + what is spent while a span and the state are on their way), as docs/guard.md says.
  expect(soft).toBeGreaterThanOrEqual(dollar);
  expect(soft).toBeLessThan(dollar + 2n * (4n + 100n) * call);
  const leased = await spendTogether('dollar-leased');
  expect(leased).toBeLessThanOrEqual(dollar);
  expect(leased).toBeGreaterThan(dollar - 10n * call);
  console.log(`a dollar shared by two processes: ${formatUsd(soft)} without leases, ${formatUsd(leased)} with them`);
});
