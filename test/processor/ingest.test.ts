import { expect, it } from 'vitest';
import { loadPriceBook } from '../../pricing/index.ts';
import { SpanledgerError } from '../../processor/errors.ts';
import type { Exporter } from '../../processor/exporters/exporter.ts';
import { createIngest, type IngestOptions } from '../../processor/ingest.ts';
import type { Appended, Entry, Ledger } from '../../processor/ledger.ts';
import { createCounters } from '../../processor/metrics.ts';
import { readTraces, type TraceRequest } from '../../processor/otlp/index.ts';
import { createCommit } from '../../processor/stages/commit.ts';
import { createSettling } from '../../processor/stages/settling.ts';
import { temporaryLedger } from '../support/ledger.ts';
import { chatSpan, encodeProtobuf, request, tokens, type TestSpan } from '../support/otlp.ts';
import { decodeProtobuf } from '../support/sink/protobuf.ts';
import type { SinkSpan } from '../support/sink/span.ts';

const prices = loadPriceBook();

/** The way of a request with a real ledger; what is forwarded is kept. */
async function start(
  options: Partial<IngestOptions> & { readonly writer?: Pick<Ledger, 'append' | 'adjust' | 'find'> } = {},
) {
  const ledger = await temporaryLedger();
  const { writer = ledger, ...rest } = options;
  const forwarded: Uint8Array[] = [];
  const exporter: Exporter = {
    forward: async ({ body }) => {
      forwarded.push(body);
      return {};
    },
  };
  const counters = createCounters();
  const seen: Appended[] = [];
  const observers = [(appended: readonly Appended[]) => void seen.push(...appended)];
  const settling = createSettling({ ledger, prices, counters, observe: () => undefined });
  const consume = createIngest({
    prices,
    commit: createCommit(writer),
    settling,
    exporter,
    observers,
    counters,
    ...rest,
  });
  const send = async (...spans: readonly TestSpan[]): Promise<{ readonly warning?: string | undefined }> =>
    consume(traces(...spans));
  const spans = (): readonly SinkSpan[] => forwarded.flatMap((body) => decodeProtobuf(body));
  return { ledger, forwarded, counters, seen, send, consume, spans };
}

function traces(...spans: readonly TestSpan[]): TraceRequest {
  return readTraces(encodeProtobuf(request(...spans)), 'protobuf');
}

const other: TestSpan = { ...chatSpan(9), name: 'GET /', attributes: [['http.route', '/']] };
const agent: TestSpan = chatSpan(8, {
  'gen_ai.operation.name': 'invoke_agent',
  'gen_ai.usage.input_tokens': tokens(3000),
});
const marker: TestSpan = {
  ...chatSpan(7),
  name: 'spanledger.call.started',
  attributes: [['spanledger.call.span_id', 'b']],
};

it('commits calls, and forwards every span with what its call cost', async () => {
  const { ledger, spans, send, counters } = await start();
  await send(chatSpan(1), other, agent, marker);
  const { total } = await ledger.derive({ where: [], from: 0, to: Number.MAX_SAFE_INTEGER });
  expect(total).toBe(4_000_000_000_000n);
  expect(
    spans().map(({ name, attributes }) => [
      name,
      attributes['spanledger.cost.status'],
      attributes['spanledger.cost.usd'],
    ]),
  ).toEqual([
    ['chat gpt-4o', 'priced', 0.004],
    ['GET /', undefined, undefined],
    ['chat gpt-4o', 'aggregate', undefined],
  ]);
  expect([counters.get('received_spans'), counters.get('received_calls'), counters.get('aggregate_spans')]).toEqual([
    4, 1, 1,
  ]);
  expect(counters.get('other_spans', 'test')).toBe(1);
});

it('D4: a resend changes nothing, and its bytes are those of the first time though prices changed meanwhile', async () => {
  let version = 'first';
  const changing = {
    version: 'first',
    price: (query: Parameters<typeof prices.price>[0]) => {
      const charge = prices.price(query);
      return charge.status === 'priced' ? { ...charge, priceVersion: version } : charge;
    },
  };
  const { forwarded, counters, send, seen } = await start({ prices: changing });
  await send(chatSpan(1));
  version = 'second';
  await send(chatSpan(1));
  expect(Buffer.from(forwarded[0] ?? []).equals(Buffer.from(forwarded[1] ?? []))).toBe(true);
  expect([counters.get('received_calls'), counters.get('duplicate_calls')]).toEqual([1, 1]);
  expect(seen.map(({ inserted }) => inserted)).toEqual([true, false]);
});

it('the same span twice in one request is one call', async () => {
  const { ledger, send, spans } = await start();
  await send(chatSpan(1), chatSpan(1));
  expect(await ledger.entries({ where: [], from: 0, to: Number.MAX_SAFE_INTEGER, limit: 10 })).toHaveLength(1);
  expect(spans().map(({ attributes }) => attributes['spanledger.cost.usd'])).toEqual([0.004, 0.004]);
});

it('a model without a price is unpriced, counted by reason, and never $0', async () => {
  const { send, spans, counters } = await start();
  await send(chatSpan(1, { 'gen_ai.request.model': 'acme-13b', 'spanledger.cost.usd': { double: 99 } }));
  expect(spans()[0]?.attributes).toMatchObject({
    'spanledger.cost.status': 'unpriced',
    'spanledger.cost.reason': 'unknown_model',
  });
  expect(spans()[0]?.attributes).not.toHaveProperty('spanledger.cost.usd');
  expect(counters.get('unpriced_calls', 'unknown_model')).toBe(1);
});

it('one odd span keeps its neighbours', async () => {
  const huge = chatSpan(2, { 'gen_ai.usage.output_tokens': { int: 9_007_199_254_740_990n } });
  const { ledger, send } = await start();
  const nameless = { ...chatSpan(3), traceId: '', spanId: '00' };
  await send(chatSpan(1), huge, nameless, chatSpan(4));
  const entries = await ledger.entries({ where: [], from: 0, to: Number.MAX_SAFE_INTEGER, limit: 10 });
  expect(entries.map(({ charge }: Entry) => charge.status).toSorted()).toEqual([
    'priced',
    'priced',
    'priced',
    'unpriced',
  ]);
});

it('a request without calls needs no ledger; one of markers alone is not forwarded', async () => {
  const asked = async (): Promise<never> => Promise.reject(new Error('asked the ledger'));
  const writer = { append: asked, adjust: asked, find: asked };
  const { forwarded, send } = await start({ writer });
  await send(other);
  await send(marker);
  await send();
  expect(forwarded).toHaveLength(1);
});

it('the ledger away: nothing is acknowledged, forwarded, observed or counted', async () => {
  const away = new SpanledgerError('ledger_unavailable', 'locked');
  const { send, forwarded, seen, counters } = await start({
    writer: {
      append: async () => Promise.reject(away),
      adjust: async () => Promise.reject(away),
      find: async () => Promise.reject(away),
    },
  });
  await expect(send(chatSpan(1))).rejects.toBe(away);
  expect([forwarded.length, seen.length, counters.get('received_spans')]).toEqual([0, 0, 0]);
});

it('no backend and no room for its spans: the entry is kept, and the sender keeps the spans', async () => {
  const full = new SpanledgerError('spool_full', 'full');
  const { send, ledger, counters } = await start({ exporter: { forward: async () => Promise.reject(full) } });
  for (let n = 1; n <= 2; n++) await expect(send(chatSpan(1), other)).rejects.toBe(full);
  expect(await ledger.entries({ where: [], from: 0, to: Number.MAX_SAFE_INTEGER, limit: 10 })).toHaveLength(1);
  expect([counters.get('received_calls'), counters.get('duplicate_calls')]).toEqual([1, 1]);
});

it('what the backend says is passed on', async () => {
  const warning = 'the backend says: quota';
  const { send } = await start({ exporter: { forward: async () => ({ warning }) } });
  expect(await send(chatSpan(1))).toEqual({ warning });
});

it('without a backend spans end here', async () => {
  const { send, ledger } = await start({ exporter: undefined });
  expect(await send(chatSpan(1))).toEqual({});
  expect(await ledger.firstUs()).toBeDefined();
});

it('one call told by three spans is charged once, however they come', async () => {
  const tell = (n: number, seconds: number): TestSpan => {
    const span = chatSpan(n, { 'gen_ai.response.id': 'resp_1' });
    return { ...span, traceId: 'c'.repeat(32), end: (span.start ?? 0n) + BigInt(seconds) * 1_000_000_000n };
  };
  const [framework, library, gateway] = [tell(1, 5), tell(2, 3), tell(3, 2)];
  const everything = { where: [], from: 0, to: Number.MAX_SAFE_INTEGER };
  for (const requests of [
    [[framework, library, gateway]],
    [[gateway, library, framework]],
    [[framework], [library], [gateway]],
    [[gateway], [framework], [library]],
    [[library], [gateway, framework], [library], [framework]],
  ]) {
    const { ledger, send, spans, counters } = await start();
    for (const told of requests) await send(...told);
    expect((await ledger.derive(everything)).total).toBe(4_000_000_000_000n);
    const costs = await ledger.costs({ ...everything, by: [], timezone: 'UTC' });
    expect(costs).toMatchObject([{ calls: 1, cost: 4_000_000_000_000n }]);
    // Every span says what became of it; the one that is charged came at some time.
    const statuses = spans().map(({ attributes }) => attributes['spanledger.cost.status']);
    expect(statuses).toContain('priced');
    expect(statuses.every((status) => status === 'priced' || status === 'nested')).toBe(true);
    expect(counters.get('received_calls') + counters.get('duplicate_calls')).toBe(requests.flat().length);
  }
});

it('calls of different answers, and of none, are calls of their own', async () => {
  const { ledger, send } = await start();
  const trace = (n: number, id: string): TestSpan => ({
    ...chatSpan(n, id === '' ? {} : { 'gen_ai.response.id': id }),
    traceId: 'd'.repeat(32),
  });
  await send(trace(1, 'a'), trace(2, 'b'), trace(3, ''), trace(4, ''));
  expect(await ledger.entries({ where: [], from: 0, to: Number.MAX_SAFE_INTEGER, limit: 10 })).toHaveLength(4);
});

it('what a provider reports is charged, and how far it is from the price book is counted', async () => {
  const { ledger, send, counters } = await start();
  const reported = (n: number, amount: string): TestSpan =>
    chatSpan(n, {
      'gen_ai.usage.cost.source': 'provider',
      'gen_ai.usage.cost.currency': 'USD',
      'gen_ai.usage.cost.amount': amount,
    });
  await send(reported(1, '0.005'), reported(2, '0.0035'), reported(3, '0.004'));
  await send(reported(1, '0.005'));
  const { total } = await ledger.derive({ where: [], from: 0, to: Number.MAX_SAFE_INTEGER });
  expect(total).toBe(12_500_000_000_000n);
  expect([counters.get('reported_gap', 'above'), counters.get('reported_gap', 'below')]).toEqual([0.001, 0.0005]);
});
