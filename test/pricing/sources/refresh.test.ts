import { expect, it } from 'vitest';
import type { CardLine, ProviderFile } from '../../../pricing/sources/provider-file.ts';
import { refresh } from '../../../pricing/sources/refresh.ts';

const file = (provider: string, checked: string, models: Record<string, string>): ProviderFile => ({
  provider,
  name: provider,
  checked,
  sources: [`https://${provider}.example/prices`],
  claims: [],
  resells: [],
  inherits: {},
  models: Object.entries(models).map(([model, input]) => ({
    model,
    match: [],
    cards: [{ rates: { input } } satisfies CardLine],
  })),
});

const [then, now] = ['2026-01-01', '2026-12-01'];

it('takes what is new, holds what has changed, and counts as checked what the list agrees with', () => {
  const standing = [
    file('acme', then, { a: '1', b: '2' }),
    file('bolt', then, { c: '3' }),
    file('quiet', then, { d: '4' }),
  ];
  const list = [
    file('acme', now, { a: '1', b: '20', new: '5' }),
    file('bolt', now, { c: '3', more: '6' }),
    file('fresh', now, { e: '7' }),
  ];
  const { files, addedModels, held } = refresh(standing, list, now);

  expect(addedModels.toSorted()).toEqual(['acme/new', 'bolt/more', 'fresh/e']);
  expect(held).toEqual([
    { change: 'until', card: 'acme/b', before: 'open', after: '2026-12-01T00:00:00.000Z' },
    { change: 'added', card: 'acme/b@2026-12-01', rates: 'input 20' },
  ]);
  expect(files.find(({ provider }) => provider === 'acme')?.models[1]).toEqual(standing[0]?.models[1]);
  expect(Object.fromEntries(files.map(({ provider, checked }) => [provider, checked]))).toEqual({
    acme: then, // one of its rates is in doubt
    bolt: now,
    quiet: then, // the list says nothing of it
    fresh: now,
  });
});

it('changes nothing by the list that it was made from', () => {
  const standing = [file('acme', now, { a: '1' })];
  expect(refresh(standing, standing, now)).toEqual({ files: standing, addedModels: [], held: [] });
});
