import { expect, it } from 'vitest';
import { compareReported, loadPriceBook, parseUsd } from '../../pricing/index.ts';
import { fromDisjoint } from '../../pricing/usage/usage.ts';

const book = loadPriceBook();
const who = { provider: 'openrouter', model: 'openai/gpt-4o' };
const ask = (model: string): ReturnType<typeof book.price> =>
  book.price({
    provider: 'openrouter',
    model,
    at: 1.77e15,
    tier: 'standard',
    region: undefined,
    usage: fromDisjoint({ input: 1000, output: 100 }, 'reported'),
  });

it('a reported cost wins, and the gap to ours is known', () => {
  const { charge, gap } = compareReported(ask('openai/gpt-4o'), parseUsd('0.00369'), who, book.version);
  expect(charge).toMatchObject({
    status: 'priced',
    source: 'provider',
    amount: parseUsd('0.00369'),
    priceId: 'reported/openrouter/openai/gpt-4o',
  });
  expect(gap).toBe(parseUsd('0.00019'));
});

it('stands alone where we have no price', () => {
  const { charge, gap } = compareReported(
    ask('acme/none'),
    parseUsd('0.01'),
    { ...who, model: 'acme/none' },
    book.version,
  );
  expect(charge).toMatchObject({ amount: parseUsd('0.01'), priceId: 'reported/openrouter/acme/none' });
  expect(gap).toBeUndefined();
});
