import { describe, expect, it } from 'vitest';
import { loadPriceBook } from '../../../pricing/index.ts';
import { USD } from '../../../pricing/money.ts';
import { readCall } from '../../../processor/dialects/index.ts';
import { chargedAt, chargeFor, entryFor } from '../../../processor/stages/entry.ts';
import type { Entry } from '../../../processor/ledger.ts';
import { makeSpan, type SpanOptions } from '../../support/span.ts';

const book = loadPriceBook();
const gpt4o = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4o',
  'gen_ai.usage.input_tokens': 800,
  'gen_ai.usage.output_tokens': 200,
};

type Options = Omit<SpanOptions, 'attributes'> & {
  readonly attributes?: Readonly<Record<string, string | number | bigint>>;
};

function entryOf(options: Options): Entry {
  const span = makeSpan({ ...options, attributes: { ...gpt4o, ...options.attributes } });
  const call = readCall(span);
  if (call === undefined) throw new Error('not a call');
  return entryFor(span, call, chargeFor(call, chargedAt(span), book));
}

describe('the instant of a charge', () => {
  it.each([
    ['its start', { startUnixNano: 1_790_000_000_123_456_789n }, 1_790_000_000_123_456],
    ['its end, without a start', { startUnixNano: 0n, endUnixNano: 5_000n }, 5],
    ['nothing, without either', { startUnixNano: 0n, endUnixNano: 0n }, 0],
    ['the last instant, beyond what can be counted', { startUnixNano: 2n ** 64n - 1n }, Number.MAX_SAFE_INTEGER],
  ])('is %s', (_, times, expected) => {
    expect(chargedAt(makeSpan(times))).toBe(expected);
  });
});

it('prices at the time of the call, not at the time of its arrival', () => {
  const attributes = { 'gen_ai.request.model': 'o3' };
  const before = entryOf({ attributes, startUnixNano: BigInt(Date.UTC(2025, 5, 9)) * 1_000_000n });
  const after = entryOf({ attributes, startUnixNano: BigInt(Date.UTC(2025, 5, 11)) * 1_000_000n });
  // $10 and $40 a million until 10 June 2025, $2 and $8 since.
  expect([before.charge, after.charge]).toMatchObject([
    { amount: 16_000_000_000_000n },
    { amount: 3_200_000_000_000n },
  ]);
});

describe('the entry of a call', () => {
  it('has its tags as dimensions and ids', () => {
    const tags = { customer_id: 'acme', feature: 'chat', 'user.id': 'u', 'session.id': 's', 'spanledger.task_id': 't' };
    expect(entryOf({ attributes: tags, resource: { 'service.name': 'shop' } })).toMatchObject({
      dimensions: {
        customer_id: 'acme',
        feature: 'chat',
        service: 'shop',
        team: '',
        status: 'priced',
        tier: 'standard',
      },
      userId: 'u',
      sessionId: 's',
      taskId: 't',
      durationUs: 1_000_000,
      rev: 0,
    });
  });
  it("goes by the catalog's names where there is a price: two spellings are one row", () => {
    const attributes = { 'gen_ai.provider.name': 'anthropic', 'gen_ai.response.model': 'claude-haiku-4-5-20251001' };
    const { dimensions } = entryOf({ attributes });
    expect(dimensions).toMatchObject({ provider: 'anthropic', model: 'claude-haiku-4-5' });
  });
  it("goes by the span's names where there is none", () => {
    const entry = entryOf({ attributes: { 'gen_ai.provider.name': 'acme', 'gen_ai.request.model': 'acme-13b' } });
    expect(entry.dimensions).toMatchObject({ provider: 'acme', model: 'acme-13b', status: 'unpriced' });
    expect(entry.counts).toEqual({ input: 800, output: 200 });
  });
  it('never lasts less than no time', () => {
    expect(entryOf({ endUnixNano: 1n }).durationUs).toBe(0);
  });
});

describe('no figure rather than a wrong one', () => {
  it.each([
    ['no model', { 'gen_ai.request.model': '' }, 'unknown_model'],
    ['a model that nobody knows', { 'gen_ai.request.model': 'acme-13b' }, 'unknown_model'],
    ['a part larger than its whole', { 'gen_ai.usage.reasoning.output_tokens': 900 }, 'invalid_usage'],
    ['a negative count', { 'gen_ai.usage.input_tokens': -1 }, 'invalid_usage'],
    ['a count that no call has', { 'gen_ai.usage.output_tokens': 9_007_199_254_740_990 }, 'invalid_usage'],
  ])('%s', (_, attributes, reason) => {
    expect(entryOf({ attributes }).charge).toMatchObject({ status: 'unpriced', reason });
  });

  // A thousand counts near 2^53 would be more than sums in 64 bits can hold, and take everybody's figures away.
  it.each(['9007199254740991', '1000000000001', 2n ** 62n])(
    '%s tokens are refused with the figure, and not kept',
    (n) => {
      const entry = entryOf({ attributes: { 'gen_ai.request.model': 'nobody-1', 'gen_ai.usage.input_tokens': n } });
      expect(entry.charge).toMatchObject({ status: 'unpriced', reason: 'invalid_usage' });
      expect(entry.charge.status === 'unpriced' && entry.charge.detail).toContain(`input is ${n}`.slice(0, 18));
      expect(entry.counts).toEqual({});
    },
  );

  it('a batch of 15 billion tokens that is told as one call is no mistake', () => {
    const attributes = { 'gen_ai.request.model': 'gpt-4o-mini', 'gen_ai.usage.input_tokens': 15_000_000_000 };
    expect(entryOf({ attributes }).charge).toMatchObject({ status: 'priced' });
  });

  it('a reported cost that no call has is not taken: a few of them are more than the ledger adds up', () => {
    const said = (amount: string): Entry =>
      entryOf({
        attributes: {
          'gen_ai.usage.cost.amount': amount,
          'gen_ai.usage.cost.source': 'provider',
          'gen_ai.usage.cost.currency': 'USD',
        },
      });
    expect(said('1000000').charge).toMatchObject({ source: 'provider', amount: 1_000_000n * USD });
    expect(said('1000000.01').charge).toMatchObject({ source: 'list', amount: 4_000_000_000_000n });
  });
});
