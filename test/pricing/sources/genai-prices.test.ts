import { describe, expect, it } from 'vitest';
import { importGenaiPrices, type Imported } from '../../../pricing/sources/genai-prices.ts';

function imported(model: unknown, provider = 'acme'): Imported {
  const text = JSON.stringify([
    { id: provider, name: 'Acme', pricing_urls: ['https://acme.example'], models: [model] },
  ]);
  return importGenaiPrices(text, '2026-09-23');
}

function cards(prices: unknown, provider?: string): unknown {
  return imported({ id: 'm', match: { equals: 'm' }, prices }, provider).files[0]?.models[0]?.cards;
}

const base = { input_mtok: 2.5, output_mtok: 10 };

describe('the primary list', () => {
  it('gives rates as they are written', () => {
    expect(cards({ ...base, cache_read_mtok: 0.003625, web_searches_kcount: 10, audio_hours: 0.36 })).toEqual([
      { rates: { input: '2.5', cache_read: '0.003625', output: '10', web_search: '0.01', audio_second: '0.0001' } },
    ]);
  });

  it('turns context tiers into cards that stand alone', () => {
    const tiers = [{ start: 200_000, price: 5 }];
    expect(
      cards({ input_mtok: { base: 2.5, tiers }, cache_read_mtok: 0.25, output_mtok: 10, web_searches_kcount: 10 }),
    ).toEqual([
      { rates: { input: '2.5', cache_read: '0.25', output: '10', web_search: '0.01' } },
      { above_input_tokens: 200_000, rates: { input: '5', cache_read: '0.25', output: '10' } },
    ]);
  });

  it.each([
    ['the package', { type: 'start_date', start_date: '2026-03-13' }],
    ['the published file', { start_date: '2026-03-13' }],
  ])('lets dated prices follow one another, as written in %s', (_name, constraint) => {
    expect(cards([{ prices: base }, { constraint, prices: { input_mtok: 1 } }])).toEqual([
      { until: '2026-03-13', rates: { input: '2.5', output: '10' } },
      { from: '2026-03-13', rates: { input: '1' } },
    ]);
  });

  it('lays hours over them', () => {
    const constraint = { start_time: '01:00:00Z', end_time: '04:00:00Z' };
    expect(cards([{ prices: base }, { constraint, prices: { input_mtok: 5 } }])).toEqual([
      { rates: { input: '2.5', output: '10' } },
      { rates: { input: '5' }, schedule: { name: '0100-0400', zone: 'UTC', days: [], windows: [['01:00', '04:00']] } },
    ]);
  });

  it('reads one write price as Claude’s five minutes, and as any write elsewhere', () => {
    expect(cards({ input_mtok: 1, cache_write_mtok: 1.25 }, 'anthropic')).toEqual([
      { rates: { input: '1', cache_write_5m: '1.25' } },
    ]);
    expect(cards({ input_mtok: 1, cache_write_mtok: 1.25 })).toEqual([{ rates: { input: '1', cache_write: '1.25' } }]);
  });

  it('says what it left out', () => {
    expect(imported({ id: 'm', match: { equals: 'm' }, prices: { ...base, smoke_kcount: 3 } }).left).toEqual([
      'acme/m: smoke_kcount has no unit here',
    ]);
    expect(imported({ id: 'm:free', match: { equals: 'm:free' }, prices: {} })).toMatchObject({
      left: ['acme/m:free: no rates'],
      files: [{ models: [] }],
    });
  });

  it('takes a free variant for free only where the provider says so', () => {
    const free = { id: 'x/m:free', match: { equals: 'x/m:free' }, prices: {} };
    expect(imported(free, 'openrouter').files[0]?.models[0]?.cards).toEqual([{ rates: { input: '0', output: '0' } }]);
  });

  it('turns clauses into patterns', () => {
    const match = {
      or: [
        { equals: 'M' },
        { starts_with: 'm-' },
        { ends_with: '-m' },
        { contains: 'x' },
        { regex: '^m\\d$' },
        { and: [{ starts_with: 'a.b' }, { regex: '^(?!.*c)' }] },
      ],
    };
    expect(imported({ id: 'm', match, prices: base }).files[0]?.models[0]?.match).toEqual([
      'm-*',
      '*-m',
      '*x*',
      '/^m\\d$/',
      '/^(?=a\\.b.*)(?=^(?!.*c))/',
    ]);
  });

  it('refuses a condition that it does not know', () => {
    expect(() => cards([{ prices: base }, { constraint: { moon: 'full' }, prices: base }])).toThrow('moon');
  });
});
