import { describe, expect, it } from 'vitest';
import { loadPriceBook, type Charge, type PriceQuery } from '../../pricing/index.ts';
import { formatUsd, parseUsd } from '../../pricing/money.ts';
import { fromDisjoint, fromInclusive, type Usage } from '../../pricing/usage/usage.ts';

const book = loadPriceBook();
const day = (text: string): number => Date.parse(text) * 1000;

function ask(model: string, usage: Usage, more: Partial<PriceQuery> = {}): Charge {
  const query = { provider: undefined, at: day('2026-11-25T12:00:00Z'), tier: 'standard', region: undefined } as const;
  return book.price({ ...query, model, usage, ...more });
}

function amount(charge: Charge): string {
  return charge.status === 'priced' ? formatUsd(charge.amount) : `${charge.reason}: ${charge.detail}`;
}

const million = fromInclusive({ input: 1_000_000, output: 1_000_000 }, 'reported');

describe('a price', () => {
  it('gpt-4o with 1,250 in and 340 out is $0.006525 (first check)', () => {
    const charge = ask('gpt-4o', fromInclusive({ input: 1250, output: 340 }, 'reported'));
    expect(charge).toMatchObject({
      status: 'priced',
      amount: parseUsd('0.006525'),
      source: 'list',
      priceId: 'openai/gpt-4o@2024-10-02',
      priceVersion: book.version,
      provider: 'openai',
      model: 'gpt-4o',
      lines: [
        { unit: 'input', quantity: 1250, rate: parseUsd('0.0000025'), amount: parseUsd('0.003125') },
        { unit: 'output', quantity: 340, rate: parseUsd('0.00001'), amount: parseUsd('0.0034') },
      ],
    });
  });

  it('counts the cache of Opus 4.6 once: $0.0525, not $0.1725 (second check)', () => {
    const usage = fromInclusive({ input: 25_000, cacheRead: 20_000, cacheWrite5m: 4000, output: 500 }, 'reported');
    expect(amount(ask('claude-opus-4-6', usage))).toBe('0.0525');
  });

  it('of a million calls at $0.004 sums to $4,000.00 exactly', () => {
    const usage = fromInclusive({ input: 800, output: 200 }, 'reported');
    let sum = 0n;
    for (let call = 0; call < 1_000_000; call++) {
      const charge = ask('gpt-4o', usage, { provider: 'openai' });
      if (charge.status === 'priced') sum += charge.amount;
    }
    expect(formatUsd(sum)).toBe('4000');
  });

  it.each([
    ['openai', 'gpt-4o', '12.5'],
    ['anthropic', 'claude-opus-4-6', '30'],
    ['anthropic', 'claude-haiku-4-5-20251001', '6'],
    ['anthropic', 'claude-sonnet-4-6', '18'],
    ['openai', 'gpt-4.1-mini', '2'],
    ['openai', 'gpt-4.1-nano-2025-04-14', '0.5'],
  ])('of a million in and a million out with %s %s is $%s', (provider, model, expected) => {
    // Below every threshold of these models' pages.
    const tenth = fromInclusive({ input: 100_000, output: 100_000 }, 'reported');
    const charge = ask(model, tenth, { provider });
    expect(charge.status === 'priced' && formatUsd(charge.amount * 10n)).toBe(expected);
  });

  it('reprices the whole request strictly above the threshold, by all input tokens', () => {
    const at = (input: number, cacheRead: number): string =>
      amount(ask('gemini-2.5-pro', fromInclusive({ input, cacheRead, output: 100 }, 'reported')));
    expect(at(199_999, 0)).toBe('0.25099875');
    expect(at(200_000, 0)).toBe('0.251');
    expect(at(200_001, 0)).toBe('0.5015025');
    // 100,000 x $1.25 + 100,000 x $0.125 would be the cheap side; one token more puts both on the dear one.
    expect(at(200_001, 100_000)).toBe('0.2765025');
  });

  it("is the one of the call's own time", () => {
    const usage = fromInclusive({ input: 1000, output: 100 }, 'reported');
    expect(amount(ask('o3', usage, { at: day('2025-06-09T23:59:59Z') }))).toBe('0.014');
    expect(amount(ask('o3', usage, { at: day('2025-06-10T00:00:00Z') }))).toBe('0.0028');
  });

  it('bills reasoning as output, and a write of unknown time to live as the shortest', () => {
    const usage = fromInclusive({ input: 100, cacheWrite: 100, output: 50, reasoning: 30 }, 'reported');
    const charge = ask('claude-opus-4-6', usage);
    expect(
      charge.status === 'priced' && charge.lines.map(({ unit, rate }) => [unit, formatUsd(rate * 1_000_000n)]),
    ).toEqual([
      ['cache_write', '6.25'],
      ['output', '25'],
      ['reasoning', '25'],
    ]);
  });

  it('takes a fee for the request itself once', () => {
    expect(
      amount(ask('sonar', fromInclusive({ input: 1000, output: 100 }, 'reported'), { provider: 'perplexity' })),
    ).toBe('0.0061');
  });
});

describe('no price', () => {
  it.each([
    ['unknown_provider', 'acme', 'acme-13b', million, 'no prices of provider "acme"'],
    ['unknown_model', undefined, 'acme-13b', million, 'no provider has a model "acme-13b"'],
    ['unknown_model', 'openai', 'claude-opus-4-6', million, 'openai has no model "claude-opus-4-6"'],
    ['unknown_provider', undefined, 'openai/gpt-4o', million, 'is sold by azure, gmi, openai, openrouter'],
    ['unknown_unit', 'openai', 'gpt-4o', fromDisjoint({ input: 1, input_audio: 5 }, 'reported'), 'input_audio (5)'],
    ['missing_usage', 'openai', 'gpt-4o', { status: 'missing' }, 'nothing'],
    [
      'invalid_usage',
      'openai',
      'gpt-4o',
      fromInclusive({ input: 1, cacheRead: 2 }, 'reported'),
      '(2) exceed input (1)',
    ],
    [
      'invalid_usage',
      'openai',
      'gpt-4o',
      { status: 'known', counts: { input: 1.5 }, basis: 'reported' },
      'input is 1.5',
    ],
  ] satisfies [string, string | undefined, string, Usage, string][])(
    '%s: %s %s',
    (reason, provider, model, usage, detail) => {
      expect(ask(model, usage, { provider })).toEqual({
        status: 'unpriced',
        reason,
        detail: expect.stringContaining(detail) as string,
      });
    },
  );

  it('of a name that no model could have, and its text stays short', () => {
    const charge = ask('x'.repeat(1_000_000), million);
    expect(charge).toMatchObject({ reason: 'unknown_model' });
    expect(JSON.stringify(charge).length).toBeLessThan(400);
  });

  it('is not $0 when the tier has no card or the time is before the first one', () => {
    expect(ask('gpt-4o', million, { provider: 'github-copilot' }).status).toBe('unpriced');
    expect(ask('claude-opus-4-6', million, { at: NaN })).toMatchObject({ reason: 'no_price_at_time' });
  });
});

describe('the names', () => {
  it.each([
    ['azure.ai.openai', 'gpt-4o', 'openai/gpt-4o'],
    ['azure.ai.inference', 'gpt-4o', 'openai/gpt-4o'],
    ['openai.responses', 'gpt-4o-2024-11-20', 'openai/gpt-4o-2024-08-06'],
    ['openai', 'openai/gpt-4o', 'openai/gpt-4o'],
    ['x_ai', 'grok-3', 'x-ai/grok-3'],
    ['xai', 'grok-3-latest', 'x-ai/grok-3'],
    ['mistral_ai', 'mistral-large-2411', 'mistral/mistral-large'],
    ['moonshot_ai', 'kimi-k2.6', 'moonshotai/kimi-k2.6'],
    ['gcp.gemini', 'models/gemini-2.0-flash', 'google/gemini-2.0-flash'],
    ['gcp.vertex_ai', 'publishers/anthropic/models/claude-sonnet-4@20250514', 'google/claude-4-sonnet'],
    [undefined, 'projects/p/locations/us/publishers/google/models/gemini-2.0-flash', 'google/gemini-2.0-flash'],
    ['aws.bedrock', 'us.anthropic.claude-opus-4-6-v1:0', 'aws/regional.anthropic.claude-opus-4-6-v1:0'],
    ['AWS', 'anthropic.claude-opus-4-6-v1:0', 'aws/regional.anthropic.claude-opus-4-6-v1:0'],
    [undefined, 'global.anthropic.claude-opus-4-6-v1:0', 'aws/global.anthropic.claude-opus-4-6-v1:0'],
    [
      'aws.bedrock',
      'arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-opus-4-6-v1:0',
      'aws/regional.anthropic.claude-opus-4-6-v1:0',
    ],
    ['openrouter', 'openai/gpt-4o', 'openrouter/openai/gpt-4o'],
    ['openrouter', 'openrouter/openai/gpt-4o', 'openrouter/openai/gpt-4o'],
    ['openai', 'ft:gpt-4o-2024-08-06:acme::abc123', 'openai/ft:gpt-4o'],
    ['OpenAI', 'GPT-4o-Mini', 'openai/gpt-4o-mini'],
  ])('%s %s is %s', (provider, model, priceId) => {
    const charge = ask(model, fromInclusive({ input: 10, output: 1 }, 'reported'), { provider });
    expect(charge).toMatchObject({ status: 'priced' });
    expect(charge.status === 'priced' && charge.priceId.split('@')[0]).toBe(priceId);
    expect(charge.status === 'priced' && charge.priceId).not.toMatch(/family/);
  });

  it.each([
    ['openai', 'gpt-4.1-mini-2031-01-01', 'gpt-4.1-mini'],
    ['openai', 'openai/gpt-4o-2030-01-01', 'gpt-4o'],
    [undefined, 'gpt-4o-2030-01-01', 'gpt-4o'],
  ])('%s %s is not listed: charged as its family %s, and says so', (provider, model, family) => {
    const usage = fromInclusive({ input: 10, output: 1 }, 'reported');
    const charge = ask(model, usage, { provider });
    expect(charge).toMatchObject({
      status: 'priced',
      model: family,
      priceId: expect.stringMatching(/\+family$/) as string,
    });
    expect(charge).toMatchObject({ amount: (ask(family, usage, { provider: 'openai' }) as { amount: bigint }).amount });
  });
});
