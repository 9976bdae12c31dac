import { describe, expect, it } from 'vitest';
import { ContractError, readContract } from '../../pricing/contract-file.ts';
import { catalogDirectory } from '../../pricing/load.ts';
import { formatUsd, fromDisjoint, loadPriceBook, type Charge, type PriceQuery } from '../../pricing/index.ts';

const contract = readContract(
  'contract.yaml',
  `
aliases:
  - { provider: azure, name: prod-chat, is: openai/gpt-4o }
  - { name: "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc", is: aws/eu.anthropic.claude-opus-4-6-v1:0 }
  - { provider: azure, name: "team-*", is: openai/gpt-4o }
  - { provider: azure, name: "*-mini", is: openai/gpt-4o-mini }
rates:
  - { provider: openai, model: "gpt-4.1*", percent_off: 12.5 }
  - { provider: openai, model: gpt-4.1-mini, from: 2026-01-01, until: 2026-07-01, rates: { input: 0.30, output: 1.10 } }
  - { provider: mistral, model: "mistral-large*", currency: EUR, rates: { input: 2, output: 6 } }
self_hosted:
  - { model: acme-13b, rates: { input: 0.30, output: 1.20 } }
  - { provider: vllm, model: acme-70b, gpu_hour: 2.50, gpus: 4, tokens_per_second: { input: 20000, output: 2500 } }
data_apis:
  - { host: api.search.example, path: "/v1/search*", unit: credit, rate: 0.004 }
exchange:
  EUR: { 2026-10: 1.08, 2026-11: 1.09 }
`,
);
const book = loadPriceBook(catalogDirectory, contract);

function ask(
  provider: string | undefined,
  model: string,
  counts: Record<string, number>,
  more: Partial<PriceQuery> = {},
): Charge {
  const at = Date.parse('2026-11-25T12:00:00Z') * 1000;
  const usage = fromDisjoint(counts, 'reported');
  return book.price({ provider, model, at, tier: 'standard', region: undefined, usage, ...more });
}

function amount(charge: Charge): string {
  return charge.status === 'priced' ? formatUsd(charge.amount) : `${charge.reason}: ${charge.detail}`;
}

const M = 1_000_000;
const day = (text: string): { at: number } => ({ at: Date.parse(text) * 1000 });

describe('a contract', () => {
  it('prices a model of one’s own (seventh check): 1M/0.25M at $0.30/$1.20 is $0.60', () => {
    const charge = ask(undefined, 'acme-13b', { input: M, output: M / 4 });
    expect(amount(charge)).toBe('0.6');
    expect(charge).toMatchObject({ source: 'contract', priceId: 'contract/acme-13b', model: 'acme-13b' });
    expect(
      loadPriceBook().price({
        provider: undefined,
        model: 'acme-13b',
        ...day('2026-11-25'),
        tier: 'standard',
        region: undefined,
        usage: fromDisjoint({ input: M }, 'reported'),
      }).status,
    ).toBe('unpriced');
  });

  it.each([
    ['a discount', 'openai', 'gpt-4.1', { input: M, output: M }, {}, '8.75'],
    ['a discount on every unit', 'openai', 'gpt-4.1', { input: 80, cache_read: 8 }, {}, '0.0001435'],
    ['an agreed rate while it lasts', 'openai', 'gpt-4.1-mini', { input: M, output: M }, day('2026-06-30'), '1.4'],
    ['then the wider discount', 'openai', 'gpt-4.1-mini', { input: M, output: M }, day('2026-07-01'), '1.75'],
    [
      'list for a unit that the agreement leaves out',
      'openai',
      'gpt-4.1-mini',
      { cache_read: M },
      day('2026-06-30'),
      '0.1',
    ],
    ['list for what it leaves out altogether', 'openai', 'gpt-4o', { input: M }, {}, '2.5'],
    ['a deployment', 'azure', 'prod-chat', { input: M }, {}, '2.5'],
    [
      'an opaque profile',
      'aws.bedrock',
      'arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc',
      { input: M },
      {},
      '5.5',
    ],
    ['euros at the rate of the month', 'mistral', 'mistral-large-2411', { input: M, output: M }, {}, '8.72'],
    [
      'euros of the month before',
      'mistral',
      'mistral-large-2411',
      { input: M, output: M },
      day('2026-10-31T23:59:59Z'),
      '8.64',
    ],
    ['a data API by its path', 'api.search.example', '/v1/search/news', { credit: 3 }, {}, '0.012'],
    ['GPU hours by declared throughput', 'vllm', 'acme-70b', { input: 72 * M, output: 9 * M }, {}, '20.000000007'],
  ] as const)('%s', (_name, provider, model, counts, more, expected) => {
    expect(amount(ask(provider, model, counts, more))).toBe(expected);
  });

  it('says what it cannot know', () => {
    expect(amount(ask('mistral', 'mistral-large-2411', { input: 1 }, day('2026-12-01')))).toContain(
      'no exchange rate of EUR for 2026-12',
    );
    expect(amount(ask('azure', 'team-mini', { input: 1 }))).toContain(
      'ambiguous_deployment: "team-mini" may be openai/gpt-4o or openai/gpt-4o-mini',
    );
    expect(amount(ask('azure', 'nobody-knows', { input: 1 }))).toContain('ambiguous_deployment');
    expect(amount(ask(undefined, 'acme-13b', { input: 1, web_search: 1 }))).toContain('unknown_unit');
  });

  it("names the currency and the month whose rate was taken, so that a month's calls can be told", () => {
    const charge = ask('mistral', 'mistral-large-2411', { input: M }, day('2026-10-31'));
    expect(charge).toMatchObject({ priceId: expect.stringMatching(/\+EUR@2026-10$/) });
  });

  it('names both versions in every charge', () => {
    expect(ask('openai', 'gpt-4o', { input: 1 })).toMatchObject({
      priceVersion: `${loadPriceBook().version}+${contract.version}`,
    });
  });
});

describe('a wrong contract', () => {
  it.each([
    ['an unknown key', 'rate:\n  - 1', 'contract.yaml:2:3: rate: unknown key'],
    [
      'neither rates nor discount',
      'rates:\n  - { model: a }',
      'contract.yaml:2:5: rates.0: needs either "percent_off" or "rates"',
    ],
    ['both', 'rates:\n  - { model: a, percent_off: 1, rates: { input: 1 } }', 'needs either "percent_off" or "rates"'],
    [
      'a negative rate',
      'self_hosted:\n  - { model: a, rates: { input: -1 } }',
      '2:33: self_hosted.0.rates.input: "-1" is negative',
    ],
    ['a unit that is none', 'self_hosted:\n  - { model: a, rates: { smoke: 1 } }', '"smoke" is not a unit'],
    ['more than everything off', 'rates:\n  - { model: a, percent_off: 101 }', '"101" is not a percentage'],
    [
      'a currency without a rate',
      'rates:\n  - { model: a, currency: EUR, rates: { input: 1 } }',
      '"exchange" has no rates of EUR',
    ],
    ['an alias to nowhere', 'aliases:\n  - { name: x, is: gpt-4o }', '"gpt-4o" is not provider/model'],
    [
      'two prices at once',
      'self_hosted:\n  - { model: a, rates: { input: 1 } }\n  - { model: A, rates: { input: 2 } }',
      'two prices for contract/A at the same time',
    ],
    ['GPUs without throughput', 'self_hosted:\n  - { model: a, gpu_hour: 2 }', '"gpu_hour" needs "tokens_per_second"'],
    [
      'steps that go down',
      'volume_discounts:\n  - { name: v, provider: openai, period: month, steps: [{ above: 2, percent_off: 1 }, { above: 1, percent_off: 2 }] }',
      'steps must go up',
    ],
    ['broken YAML', 'rates: [', 'contract.yaml:1:'],
  ])('%s', (_name, source, message) => {
    expect(() => readContract('contract.yaml', source)).toThrow(ContractError);
    expect(() => readContract('contract.yaml', source)).toThrow(message);
  });

  it('is told every mistake at once', () => {
    const source = 'self_hosted:\n  - { model: a, rates: { input: x } }\n  - { rates: { input: 1 } }\ncolor: red\n';
    let problems: readonly string[] = [];
    try {
      readContract('contract.yaml', source);
    } catch (error) {
      if (error instanceof ContractError) ({ problems } = error);
    }
    expect(problems).toHaveLength(3);
  });

  it('may be empty', () => {
    expect(readContract('contract.yaml', '').terms).toEqual([]);
  });
});
