import { expect, it } from 'vitest';
import type { RateCard } from '../../../pricing/catalog.ts';
import { parseUsd } from '../../../pricing/money.ts';
import { worstRatesOf } from '../../../processor/budgets/worst-rates.ts';

const card = (rates: Readonly<Record<string, string>>, more: Partial<RateCard> = {}): RateCard => ({
  tier: 'standard',
  rates: Object.fromEntries(Object.entries(rates).map(([unit, usd]) => [unit, parseUsd(usd)])),
  ...more,
});
const sells = (provider: string, cards: readonly RateCard[]) => ({ provider, models: [{ cards }] });
const providers = [
  sells('a', [
    card({ input: '0.000001', output: '0.000004', image: '5' }),
    card({ input: '0.000002', cache_write_1h: '0.000003' }, { tier: 'priority' }),
    card({ output_audio: '0.00001' }, { aboveInputTokens: 200_000 }),
  ]),
  sells('b', [card({ input: '0.00003', output: '0.000005' })]),
  sells('router', []),
];

it.each([
  ['of any tier, size of prompt and kind of token; not of pictures', 'a', '0.000003', '0.00001'],
  ['of its own models', 'b', '0.00003', '0.000005'],
  ['of a provider without rates: of all', 'router', '0.00003', '0.00001'],
  ['of a provider that is not known: of all', 'elsewhere', '0.00003', '0.00001'],
])('the dearest rates %s', (_what, provider, input, output) => {
  expect(worstRatesOf({ providers })(provider)).toEqual({ input: parseUsd(input), output: parseUsd(output) });
});

it('a catalog is looked through once', () => {
  expect(worstRatesOf({ providers })).toBe(worstRatesOf({ providers }));
});
