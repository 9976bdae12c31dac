import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readProviderFile } from '../../../pricing/catalog-file.ts';
import { createPriceBook, type PriceBook } from '../../../pricing/price.ts';
import { appendCatalog, onlyAdditions } from '../../../pricing/sources/append.ts';
import { formatProviderFile, type CardLine, type ProviderFile } from '../../../pricing/sources/provider-file.ts';
import { fromDisjoint } from '../../../pricing/usage/usage.ts';

const acme = (models: Record<string, CardLine[]>): ProviderFile => ({
  provider: 'acme',
  name: 'Acme',
  checked: '2026-01-01',
  sources: ['https://acme.example/prices'],
  claims: [],
  resells: [],
  inherits: {},
  models: Object.entries(models).map(([model, cards]) => ({ model, match: [], cards })),
});

function bookOf(files: readonly ProviderFile[]): PriceBook {
  const providers = files.map((file) => readProviderFile(`${file.provider}.json`, formatProviderFile(file)));
  const models = providers.reduce((sum, provider) => sum + provider.models.length, 0);
  return createPriceBook({ version: 'test', checked: '2026-01-01', models, providers });
}

function cost(book: PriceBook, day: string, input = 1_000_000): string {
  const usage = fromDisjoint({ input }, 'reported');
  const at = Date.parse(day) * 1000;
  const charge = book.price({ provider: 'acme', model: 'a', at, tier: 'standard', region: undefined, usage });
  return charge.status === 'priced' ? String(charge.amount / 10n ** 12n) : charge.reason;
}

const plain = (input: string): CardLine => ({ rates: { input } });

describe('a new version of the cards', () => {
  it('puts a changed rate behind the standing one', () => {
    const { files } = appendCatalog([acme({ a: [plain('1')] })], [acme({ a: [plain('3')] })], '2026-06-01');
    expect(files[0]?.models[0]?.cards).toEqual([
      { until: '2026-06-01', rates: { input: '1' } },
      { from: '2026-06-01', rates: { input: '3' } },
    ]);
    const book = bookOf(files);
    expect([cost(book, '2026-05-31'), cost(book, '2026-06-01')]).toEqual(['1000', '3000']);
  });

  it('leaves equal cards alone, whatever else is said about them', () => {
    const standing = acme({ a: [{ ...plain('1'), note: 'old' }] });
    const { files } = appendCatalog([standing], [acme({ a: [{ ...plain('1'), note: 'new' }] })], '2026-06-01');
    expect(files[0]?.models[0]?.cards).toEqual(standing.models[0]?.cards);
  });

  it('cuts only the card that changed', () => {
    const batch = (input: string): CardLine => ({ tier: 'batch', rates: { input } });
    const standing = acme({ a: [plain('2'), batch('1')] });
    const { files } = appendCatalog([standing], [acme({ a: [plain('2'), batch('0.5')] })], '2026-06-01');
    expect(files[0]?.models[0]?.cards).toEqual([
      { until: '2026-06-01', tier: 'batch', rates: { input: '1' } },
      plain('2'),
      { from: '2026-06-01', tier: 'batch', rates: { input: '0.5' } },
    ]);
  });

  it('lets a source that says less change nothing by its silence', () => {
    const batch: CardLine = { tier: 'batch', rates: { input: '0.5' } };
    const standing = acme({ a: [{ rates: { input: '1', cache_read: '0.1' } }, batch] });
    const { files } = appendCatalog([standing], [acme({ a: [plain('1')] })], '2026-06-01');
    expect(files[0]?.models[0]?.cards).toEqual(standing.models[0]?.cards);
  });

  it('ends what was laid over a rate when that rate changes', () => {
    const batch: CardLine = { tier: 'batch', rates: { input: '0.5' } };
    const standing = acme({ a: [{ rates: { input: '1', cache_read: '0.1' } }, batch] });
    const { files } = appendCatalog([standing], [acme({ a: [plain('3')] })], '2026-06-01');
    expect(files[0]?.models[0]?.cards).toEqual([
      { until: '2026-06-01', rates: { input: '1', cache_read: '0.1' } },
      { until: '2026-06-01', ...batch },
      { from: '2026-06-01', rates: { input: '3' } },
    ]);
  });

  it('keeps what the sources dropped, and says so', () => {
    const { files, dropped } = appendCatalog([acme({ a: [plain('1')] })], [acme({ b: [plain('2')] })], '2026-06-01');
    expect(files[0]?.models.map(({ model }) => model)).toEqual(['a', 'b']);
    expect(dropped).toEqual(['acme/a']);
  });

  it('takes additions alone, and changes nothing that stands', () => {
    const standing = acme({ a: [plain('1')] });
    const fresh = acme({ a: [plain('3')], b: [plain('2')] });
    const other = { ...acme({ c: [plain('4')] }), provider: 'other' };
    const files = onlyAdditions([standing], [fresh, other]);
    expect(files.map(({ provider, models }) => [provider, models.map(({ model }) => model)])).toEqual([
      ['acme', ['a', 'b']],
      ['other', ['c']],
    ]);
    expect(files[0]?.models[0]).toEqual(standing.models[0]);
  });

  it('changes no earlier figure', () => {
    const rate = fc.integer({ min: 1, max: 9 }).map(String);
    const cards = fc
      .tuple(rate, rate, fc.boolean())
      .map(([base, long, stepped]): CardLine[] =>
        stepped ? [plain(base), { above_input_tokens: 200_000, rates: { input: long } }] : [plain(base)],
      );
    const split = fc.tuple(rate, rate).map(([first, second]): CardLine[] => [
      { until: '2026-03-01', rates: { input: first } },
      { from: '2026-03-01', rates: { input: second } },
    ]);
    fc.assert(
      fc.property(fc.array(fc.oneof(cards, split), { minLength: 2, maxLength: 4 }), (versions) => {
        let files: readonly ProviderFile[] = [acme({ a: versions[0] ?? [] })];
        for (const [index, version] of versions.slice(1).entries()) {
          const day = `2026-0${index + 4}-01`;
          const before = bookOf(files);
          ({ files } = appendCatalog(files, [acme({ a: version })], day));
          const after = bookOf(files);
          for (const past of ['2020-01-01', '2026-02-28', '2026-03-15', `2026-0${index + 3}-30`])
            for (const input of [200_000, 200_001]) expect(cost(after, past, input)).toBe(cost(before, past, input));
          const now = bookOf([acme({ a: version })]);
          for (const input of [200_000, 200_001]) expect(cost(after, day, input)).toBe(cost(now, day, input));
        }
      }),
      { numRuns: 60 },
    );
  });
});
