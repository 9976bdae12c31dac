import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadPriceBook } from '../../../../pricing/index.ts';
import { chargeText, quoteLine, quoteLines } from '../../../../processor/commands/prices/quote.ts';

const book = loadPriceBook();
const now = (): number => Date.parse('2026-11-25T12:00:00Z') * 1000;
const quote = (line: unknown): unknown => quoteLine(book, JSON.stringify(line), 7, now);
const priced = (amount: string): unknown => expect.objectContaining({ status: 'priced', amount_usd: amount });

describe('prices quote, JSON lines', () => {
  it.each([
    ['our units', { model: 'gpt-4o', usage: { input: 1250, output: 340 } }, '0.006525'],
    [
      "OpenAI's chat block",
      {
        provider: 'openai',
        model: 'gpt-4o',
        usage: { prompt_tokens: 1250, completion_tokens: 340, total_tokens: 1590 },
      },
      '0.006525',
    ],
    [
      "OpenAI's responses block",
      {
        provider: 'openai',
        model: 'gpt-4o',
        usage: {
          input_tokens: 1250,
          input_tokens_details: { cached_tokens: 1000 },
          output_tokens: 340,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: 1590,
        },
      },
      '0.005275',
    ],
    [
      "Anthropic's messages block",
      {
        provider: 'anthropic',
        model: 'claude-opus-4-6',
        usage: {
          input_tokens: 1000,
          cache_read_input_tokens: 20_000,
          cache_creation_input_tokens: 4000,
          cache_creation: { ephemeral_5m_input_tokens: 4000, ephemeral_1h_input_tokens: 0 },
          output_tokens: 500,
        },
      },
      '0.0525',
    ],
    ['a past instant', { model: 'o3', at: '2025-06-09T23:59:59Z', usage: { input: 1000, output: 100 } }, '0.014'],
    ['served as default', { model: 'gpt-4o', service_tier: 'default', usage: { input: 4 } }, '0.00001'],
  ])('%s', (_name, line, amount) => {
    expect(quote(line)).toEqual(priced(amount));
  });

  it('the cost that a provider reports is the amount, and what we say stands beside it', () => {
    const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100, cost: 0.0036 };
    expect(quote({ provider: 'openrouter', model: 'openai/gpt-4o', usage })).toMatchObject({
      amount_usd: '0.0036',
      source: 'provider',
      list_usd: '0.0035',
    });
    expect(quote({ provider: 'openrouter', model: 'acme/unheard-of', usage })).toMatchObject({
      amount_usd: '0.0036',
      list_usd: null,
    });
  });

  it('says why there is no price', () => {
    expect(quote({ model: 'acme-13b', usage: { input: 1 } })).toMatchObject({
      status: 'unpriced',
      reason: 'unknown_model',
    });
    expect(quote({ model: 'gpt-4o' })).toMatchObject({ reason: 'missing_usage' });
    expect(
      quote({ provider: 'openai', model: 'gpt-4o', usage: { prompt_tokens: -1, completion_tokens: 0 } }),
    ).toMatchObject({
      reason: 'invalid_usage',
      detail: 'prompt_tokens is -1, not a whole number from 0 to 2^53',
    });
    expect(quote({ model: 'gpt-4o', usage: { smoke: 3 } })).toMatchObject({ reason: 'invalid_usage' });
  });

  it.each([
    ['{"model": ', 'JSON'],
    ['[1]', 'not a JSON object'],
    ['{"usage": {}}', '"model" is missing'],
    ['{"model": "gpt-4o", "tier": "batch"}', 'unknown key "tier"'],
    ['{"model": "gpt-4o", "service_tier": "warp"}', '"service_tier" is "warp"'],
    ['{"model": "gpt-4o", "at": "yesterday"}', '"yesterday" is not an instant'],
    ['{"model": "gpt-4o", "at": 17}', '"at" is 17, not a text'],
  ])('refuses %s', (line, error) => {
    expect(quoteLine(book, line, 7, now)).toEqual({
      status: 'error',
      line: 7,
      error: expect.stringContaining(error) as string,
    });
  });

  it('goes on after a bad line and answers in order, with the ids of the lines', async () => {
    const printed: string[] = [];
    async function* lines(): AsyncGenerator<string> {
      yield* [
        '{"id": "a", "model": "gpt-4o", "usage": {"input": 4}}',
        '',
        'nonsense',
        '{"model": "gpt-4o", "usage": {"output": 1}}',
      ];
    }
    expect(await quoteLines(book, lines(), now, (line) => printed.push(line))).toBe(1);
    expect(printed.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ id: 'a', amount_usd: '0.00001' }),
      expect.objectContaining({ status: 'error', line: 3 }),
      priced('0.00001'),
    ]);
  });
});

describe('prices quote, by hand', () => {
  it('shows a sum that can be checked', () => {
    const query = { provider: 'openai', model: 'gpt-4o', at: now(), tier: 'standard', region: undefined } as const;
    const usage = { status: 'known', counts: { input: 1250, output: 340 }, basis: 'reported' } as const;
    expect(
      chargeText(book.price({ ...query, usage }))
        .split('\n')
        .slice(1),
    ).toEqual([
      '  input   1,250  × $2.5 per million  = $0.003125',
      '  output    340  × $10 per million   = $0.0034',
      '  total  $0.006525',
    ]);
  });

  it('runs as a command', () => {
    const main = `import { pricesCommand } from ${JSON.stringify(new URL('../../../../processor/commands/prices.ts', import.meta.url).href)};
      await pricesCommand().parseAsync(process.argv.slice(1), { from: 'user' });`;
    const args = [
      'quote',
      'claude-opus-4-6',
      '--input',
      '25000',
      '--cache-read',
      '20000',
      '--cache-write-5m',
      '4000',
      '--output',
      '500',
    ];
    const run = (more: string[]): string =>
      execFileSync(process.execPath, ['--input-type=module', '--eval', main, '--', ...args, ...more], {
        encoding: 'utf8',
        cwd: fileURLToPath(new URL('.', import.meta.url)),
      });
    expect(run([])).toContain('total  $0.0525');
    expect(JSON.parse(run(['--json']))).toEqual(priced('0.0525'));
  });
});
