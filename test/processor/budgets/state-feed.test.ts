/** What guards are told, by a whole processor over real HTTP. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { parseUsd } from '../../../pricing/money.ts';
import { startApp, type App } from '../../../processor/app.ts';
import { defaultConfig, type Config } from '../../../processor/config.ts';
import { monthOf } from '../../../processor/revenue.ts';
import { openSqliteRevenue } from '../../../processor/stores/sqlite/revenue.ts';
import { openEvents, type EventStream } from '../../support/events.ts';
import { temporaryFolder } from '../../support/ledger.ts';
import { chatSpan, encodeProtobuf, request, type TestSpan } from '../../support/otlp.ts';

/** A call of `chatSpan` costs 0.004 USD. */
const yaml = (amount = '0.016 USD'): string => `groups:
  - name: g
    rules:
      - budget: customers
        by: [customer_id]
        amount: ${amount}
        period: month
        fail_mode: closed
        overrides: [{ match: ['plan="pro"'], amount: 1 USD }]
        thresholds:
          - { at: 50%, severity: info, action: { throttle: { to: gpt-4.1-nano } } }
          - { at: 100%, severity: info, action: { cap: { message: 'Enough for now' } } }
      - budget: watched
        amount: 1 USD
        period: day
        thresholds: [{ at: 50%, severity: info }]
`;

async function start(more: Partial<Config> = {}): Promise<{ app: App; budgets: string }> {
  const folder = temporaryFolder();
  const any = { host: '127.0.0.1', port: 0 };
  const budgets = join(folder, 'budgets.yaml');
  writeFileSync(budgets, yaml());
  const listen = { ...defaultConfig().listen, otlp: any, grpc: undefined, api: any };
  const config = { ...defaultConfig(), listen, ledger: join(folder, 'spanledger.db'), budgets, ...more };
  const app = await startApp(config, { log: pino({ level: 'silent' }) });
  onTestFinished(() => app.stop());
  return { app, budgets };
}

async function listen(app: App, query = '', headers: Readonly<Record<string, string>> = {}): Promise<EventStream> {
  const events = await openEvents(`${app.apiUrl}/api/v1/budgets/state${query}`, headers);
  onTestFinished(() => events.close());
  return events;
}

async function post(app: App, ...spans: readonly TestSpan[]): Promise<void> {
  const headers = { 'content-type': 'application/x-protobuf' };
  const body = new Uint8Array(encodeProtobuf(request(...spans)));
  const response = await fetch(`${app.otlpUrl}/v1/traces`, { method: 'POST', headers, body });
  expect(response.status).toBe(200);
}

let spans = 0;
function call(customer: string, plan = 'free'): TestSpan {
  const now = BigInt(Date.now()) * 1_000_000n;
  const span = chatSpan(++spans, { 'spanledger.customer_id': customer, 'spanledger.plan': plan });
  return { ...span, start: now, end: now };
}

const femto = (usd: number): string => String(BigInt(Math.round(usd * 1e6)) * 1_000_000_000n);

it('everything is told first, then what changes; keys below the floor never', async () => {
  const { app } = await start();
  await post(app, call('before'), call('before'));
  const events = await listen(app);

  expect((await events.next('snapshot')).data).toMatchObject({
    rules: [
      {
        budget: 'customers',
        by: ['customer_id'],
        unit: 'USD',
        fail_mode: 'closed',
        unpriced: 'ignore',
        match: [],
        windows: [],
        terms: [
          {
            match: [],
            amount: femto(0.016),
            floor: femto(0.002),
            limits: [
              { value: femto(0.008), level: '50%', action: { kind: 'throttle', to: 'gpt-4.1-nano' } },
              { value: femto(0.016), level: '100%', action: { kind: 'cap', message: 'Enough for now' } },
            ],
          },
          { match: [{ name: 'plan', op: '=', value: 'pro' }], amount: femto(1), floor: femto(0.125) },
        ],
      },
    ],
    rates: expect.arrayContaining([
      {
        provider: 'openai',
        model: 'gpt-4o',
        as: { provider: 'openai', model: 'gpt-4o' },
        units: expect.objectContaining({ input: '2500000000', output: '10000000000' }),
        priced: true,
        context: 128_000,
      },
      expect.objectContaining({ model: 'gpt-4.1-nano' }),
    ]),
  });
  expect((await events.next('keys')).data).toEqual({ keys: [[0, 0, femto(0.008), ['before']]] });
  await events.next('ready');

  // One call of an enterprise that may spend a dollar is below its floor.
  await post(app, call('rich', 'pro'), call('later'));
  expect((await events.next('delta')).data).toEqual({ keys: [[0, 0, femto(0.004), ['later']]] });
});

it('who was away for a moment is told what it has missed, of another processor everything', async () => {
  const { app } = await start();
  const first = await listen(app);
  const { id = '' } = await first.next('ready');
  first.close();
  await post(app, call('a'));
  const second = await listen(app, '', { 'last-event-id': id });
  const delta = await second.next('delta');
  // What was told while nobody listened may still have waited for company.
  const { keys } = (delta.data['keys'] as unknown[]).length > 0 ? delta.data : (await second.next('delta')).data;
  expect(keys).toEqual([[0, 0, femto(0.004), ['a']]]);
  expect(second.events.map(({ event }) => event)).not.toContain('snapshot');

  const stranger = await listen(app, '', { 'last-event-id': 'elsewhere-1' });
  expect((await stranger.next('keys')).data).toEqual({ keys: [[0, 0, femto(0.004), ['a']]] });
});

it('a model that has no price is told apart from one that nobody has looked up, with what it may cost at most', async () => {
  const { app } = await start();
  const events = await listen(app, '?models=openai/acme-13b,openai/dall-e-3');
  const { rates } = (await events.next('snapshot')).data as {
    rates: { model: string; priced: boolean; units: { input?: string; output?: string } }[];
  };
  const unknown = rates.find(({ model }) => model === 'acme-13b');
  expect(unknown).toMatchObject({ as: { provider: 'openai', model: 'acme-13b' }, priced: false, context: null });
  const dearest = rates.find(({ model }) => model === 'gpt-4o') ?? { units: { output: '10000000000' } };
  expect(BigInt(unknown?.units.output ?? 0)).toBeGreaterThan(BigInt(dearest.units.output ?? 0));
  // It has a price, though not by tokens.
  expect(rates.find(({ model }) => model === 'dall-e-3')).toMatchObject({ priced: true });
});

it('budgets that are read again are told anew; a model is told of that only this guard asks for', async () => {
  const { app, budgets } = await start();
  const events = await listen(app, '?models=anthropic/claude-haiku-4-5');
  expect((await events.next('snapshot')).data['rates']).toContainEqual(
    expect.objectContaining({
      model: 'claude-haiku-4-5',
      units: expect.objectContaining({ input: '1000000000', output: '5000000000' }),
    }),
  );
  await events.next('ready');
  writeFileSync(budgets, yaml('0 USD'));
  await app.reload();
  const { rules } = (await events.next('snapshot')).data as {
    rules: { terms: { floor: string; limits: object[] }[] }[];
  };
  expect(rules[0]?.terms[0]).toMatchObject({ floor: '0', limits: [{ value: '0' }, { value: '0' }] });
});

it('of a budget that depends on revenue every key is told, with what it may spend', async () => {
  const { app, budgets } = await start();
  const revenue = openSqliteRevenue(join(dirname(budgets), 'spanledger.db'));
  const month = monthOf(Date.now() * 1000);
  const row = { customerId: 'payer', month, id: '', amount: parseUsd('100') };
  await revenue.put([row], Date.now() * 1000);
  await revenue.close();
  writeFileSync(
    budgets,
    `groups:
  - name: g
    rules:
      - budget: margin
        by: [customer_id]
        amount: { revenue_percent: 30 }
        period: month
        thresholds: [{ at: 100%, severity: info, action: { cap: {} } }]
`,
  );
  await app.reload();
  const events = await listen(app);
  await events.next('ready');
  await post(app, call('payer'), call('unknown'));
  const { keys } = (await events.next('delta')).data as { keys: unknown[][] };
  const limits = [{ value: femto(30), level: '100%', action: { kind: 'cap', lease: false } }];
  expect(keys).toEqual([
    [0, { match: [], amount: femto(30), floor: femto(7.5), limits }, femto(0.004), ['payer']],
    [0, 0, femto(0.004), ['unknown']],
  ]);
});

it('one of the first processes may begin leases, and is granted what it asks for; a lease that cannot be read is refused', async () => {
  const { app, budgets } = await start();
  writeFileSync(budgets, yaml().replace("message: 'Enough for now'", 'lease: true'));
  await app.reload();
  const events = await listen(app, '?instance=instance-1');
  const { starter_divisor: divisor, rules } = (await events.next('snapshot')).data as {
    starter_divisor: string;
    rules: { period: { start_ms: number } }[];
  };
  expect(divisor).toBe('40');
  await events.next('ready');
  const none = { granted: '0', returned: '0', settled: '0', unseen: '0', terms: 0 };
  const claim = { ...none, lease: '1', budget: 'customers', values: ['new'], start_ms: rules[0]?.period.start_ms };
  const ask = async (body: unknown): Promise<Response> =>
    fetch(`${app.apiUrl}/api/v1/budgets/leases`, { method: 'POST', body: JSON.stringify(body) });
  const granted = await ask({ instance: 'instance-2', claims: [{ ...claim, want: femto(0.004) }] });
  // 0.016 USD, of which half is set aside for those that do not ask.
  expect(await granted.json()).toEqual({ grants: [{ lease: '1', granted: femto(0.004), free: femto(0.004) }] });

  const wrong = await ask({ instance: 'instance-2', claims: [{ ...claim, want: '-1' }] });
  expect(wrong.status).toBe(400);
  expect(await wrong.json()).toMatchObject({ detail: expect.stringContaining('claims.0.want') });
  expect((await fetch(`${app.apiUrl}/api/v1/budgets/leases`, { method: 'POST', body: '{' })).status).toBe(400);
});

it('it is for guards: a token of their scope, and parameters that exist', async () => {
  const { app } = await start({ tokens: [{ secret: 'g', scopes: ['guard'] }] });
  expect((await listen(app)).status).toBe(401);
  expect((await listen(app, '', { authorization: 'Bearer g' })).status).toBe(200);
  const authorization = 'Bearer g';
  expect((await listen(app, '?since=3', { authorization })).status).toBe(400);
  expect((await listen(app, '?instance=me', { authorization })).status).toBe(400);
  expect((await fetch(`${app.apiUrl}/api/v1/budgets/leases`, { method: 'POST' })).status).toBe(401);
  expect((await listen(app, '?models=gpt-4o', { authorization })).status).toBe(400);
});
