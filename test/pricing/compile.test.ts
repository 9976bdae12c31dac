import { describe, expect, it } from 'vitest';
import type { Model, Provider, RateCard } from '../../pricing/catalog.ts';
import { readRate } from '../../pricing/catalog-file.ts';
import { compileModel } from '../../pricing/compile.ts';

const card = (input: string, more: Partial<RateCard> = {}): RateCard => ({
  tier: 'standard',
  rates: { input: readRate('input', input), output: readRate('output', '10') },
  ...more,
});
const at = Date.parse('2026-11-25') * 1000;

function rates(cards: readonly RateCard[], uplifts: Model['uplifts'] = {}): ReturnType<typeof compileModel> {
  const model: Model = { model: 'm', match: [], agree: [], uplifts, cards };
  const provider: Provider = {
    provider: 'acme',
    name: 'Acme',
    sources: [],
    checked: '2026-01-01',
    claims: [],
    resells: [],
    inherits: { input_image: 'input' },
    models: [model],
  };
  return compileModel(provider, model);
}

describe('which card applies', () => {
  it('a tier without a price for long prompts has none, rather than the price of short ones', () => {
    const find = rates([card('2'), card('4', { aboveInputTokens: 100 }), card('1', { tier: 'batch' })]);
    expect(find(at, 'batch', undefined, 100)?.id).toBe('acme/m+batch');
    expect(find(at, 'batch', undefined, 101)).toBeUndefined();
    expect(find(at, 'standard', undefined, 101)?.id).toBe('acme/m+above-100');
  });

  it('a region has its cards, or the factor on the general ones, or the general ones', () => {
    const find = rates([card('2'), card('3', { region: 'eu' })], { us: 1100n });
    expect(find(at, 'standard', 'EU', 1)?.units.input).toBe(readRate('input', '3'));
    expect(find(at, 'standard', 'us', 1)).toMatchObject({
      id: 'acme/m+us',
      units: { input: readRate('input', '2.2') },
    });
    expect(find(at, 'standard', 'mars', 1)?.id).toBe('acme/m');
  });

  it('fees are the same on every tier, and no token rate is inherited but by a rule', () => {
    const fee = readRate('web_search', '0.01');
    const find = rates([card('2', { rates: { ...card('2').rates, web_search: fee } }), card('1', { tier: 'batch' })]);
    expect(find(at, 'batch', undefined, 1)?.units).toEqual({
      input: readRate('input', '1'),
      output: readRate('output', '10'),
      reasoning: readRate('output', '10'),
      input_image: readRate('input', '1'),
      web_search: fee,
    });
  });

  it('nothing applies before the first card or after the last', () => {
    const find = rates([card('2', { from: at, until: at + 10 })]);
    expect([at - 1, at, at + 9, at + 10].map((when) => find(when, 'standard', undefined, 1)?.id)).toEqual([
      undefined,
      'acme/m@2026-11-25',
      'acme/m@2026-11-25',
      undefined,
    ]);
  });
});
