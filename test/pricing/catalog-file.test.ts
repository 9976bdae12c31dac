import { describe, expect, it } from 'vitest';
import { CatalogError, readProviderFile } from '../../pricing/catalog-file.ts';

const good = `{
  "provider": "acme",
  "name": "Acme",
  "checked": "2026-01-01",
  "sources": ["https://acme.example"],
  "claims": [], "resells": [], "inherits": {},
  "models": [
    {
      "model": "a",
      "match": ["a-*"],
      "cards": [
        { "until": "2026-02-01", "rates": { "input": "1" } },
        { "from": "2026-02-01", "rates": { "input": "2", "output": "0.000000001" } }
      ]
    }
  ]
}`;

function problems(text: string): readonly string[] {
  try {
    readProviderFile('acme.json', text);
    return [];
  } catch (error) {
    if (error instanceof CatalogError) return error.problems;
    throw error;
  }
}

describe('a file of rate cards', () => {
  it('is read exactly', () => {
    const [model] = readProviderFile('acme.json', good).models;
    expect(model?.cards.map(({ rates }) => rates)).toEqual([
      { input: 10n ** 9n },
      { input: 2n * 10n ** 9n, output: 1n },
    ]);
  });

  it.each([
    [
      'an unknown key',
      '"rates": { "input": "1" } }',
      '"rates": { "input": "1" }, "color": 1 }',
      '12:70: models.0.cards.0.color: unknown key',
    ],
    ['a unit that is none', '"output"', '"smoke"', 'models.0.cards.1.rates.smoke: "smoke" is not a unit'],
    ['a number instead of a decimal text', '"2"', '2', '13:53: models.0.cards.1.rates.input: needs a text in quotes'],
    ['a negative rate', '"2"', '"-2"', '"-2" is negative'],
    ['a rate with too many digits', '0.000000001', '0.0000000001', 'has more than 9 decimals'],
    ['no decimal', '"2"', '"2e-7"', '"2e-7" is not a decimal amount'],
    ['cards that overlap', '"from": "2026-02-01"', '"from": "2026-01-15"', 'overlaps another card'],
    [
      'a card that ends before it begins',
      '"until": "2026-02-01"',
      '"from": "2026-03-01", "until": "2026-02-01"',
      'ends before it begins',
    ],
    ['a day that is none', '"2026-01-01"', '"2026-13-01"', '4:14: checked: "2026-13-01" is not a day'],
    ['an instant that is none', '"from": "2026-02-01"', '"from": "2026-02-01 10:00"', 'is not a day or UTC instant'],
    ['a name twice', '"a-*"', '"A-*", "b", "b"', undefined],
    ['a broken pattern', '"a-*"', '"/(/"', 'Invalid regular expression'],
    ['a card without rates', '{ "input": "1" }', '{}', 'a card needs at least one rate'],
    ['a tier that is none', '"until":', '"tier": "warp", "until":', '"warp" is not one of standard, batch'],
    ['no JSON', '{\n  "provider"', '{\n  provider', 'acme.json: '],
  ])('refuses %s', (_name, from, to, message) => {
    const found = problems(good.replace(from, to));
    if (message === undefined) expect(found).toEqual([]);
    else expect(found.join('\n')).toContain(message);
  });

  it('names every mistake at once', () => {
    expect(problems(good.replace('"1"', '1').replace('"2"', 'true').replace('"a"', '""'))).toHaveLength(3);
  });

  it('knows when two models share a name', () => {
    const twice = good.replace(
      '"models": [',
      '"models": [{ "model": "A", "match": [], "cards": [{ "rates": { "input": "1" } }] },',
    );
    expect(problems(twice).join()).toContain('"a" is a name of "A" too');
  });
});
