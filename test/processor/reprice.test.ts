import { expect, test } from 'vitest';
import { parseUsd } from '../../pricing/money.ts';
import type { Entry } from '../../processor/ledger.ts';
import { differences, reprice, repriced } from '../../processor/reprice.ts';
import { chargeFor, gpt4o, makeEntry, unpriced } from '../support/entries.ts';
import { temporaryLedger } from '../support/ledger.ts';

const everything = { where: [], from: 0, to: Number.MAX_SAFE_INTEGER };
const asked: string[] = [];
/** A tenth off gpt-4o; acme-13b got a price; nobody knows "gone". */
const book = {
  version: 'new',
  price: ({ provider, model, region, usage }: Parameters<Parameters<typeof reprice>[1]['price']>[0]) => {
    asked.push(`${provider}/${model}/${region}`);
    if (model === 'gone' || usage.status !== 'known') return unpriced(model);
    const tenthOff = { input: '0.00000225', cache_read: '0.000001125', output: '0.000009' };
    return { ...chargeFor(usage.counts, tenthOff), provider: provider ?? '', model };
  },
};

function calls(): Entry[] {
  const sent = (sentModel: string) => ({ sentModel, dimensions: { model: sentModel } });
  const reported = { ...chargeFor({ input: 800, output: 200 }, gpt4o), source: 'provider' as const };
  return [
    makeEntry(1, { region: 'eu' }),
    makeEntry(2, { ...sent('acme-13b'), charge: unpriced('acme-13b') }),
    makeEntry(3, { ...sent('gone') }),
    makeEntry(4, { charge: reported as Entry['charge'] }),
    makeEntry(5, { counts: {}, charge: { status: 'unpriced', reason: 'missing_usage', detail: '' } }),
    // Before the words of the span were kept: by the names that it is charged under.
    makeEntry(6, { sentProvider: '', sentModel: '' }),
  ];
}

test('only what has another figure is corrected, by the words that the span used', async () => {
  const ledger = await temporaryLedger();
  await ledger.append(calls());
  const rows = await differences(repriced(ledger, book, everything));
  expect(rows.map(({ model, calls, before, after }) => [model, calls, before, after])).toEqual([
    ['acme-13b', 1, 0n, parseUsd('0.0036')],
    ['gpt-4o', 2, parseUsd('0.008'), parseUsd('0.0072')],
  ]);
  expect(asked.toSorted()).toEqual([
    'openai/acme-13b/undefined',
    'openai/gone/undefined',
    'openai/gpt-4o/eu',
    'openai/gpt-4o/undefined',
  ]);
  const written: string[] = [];
  const outcome = await reprice(ledger, book, everything, 'run 1', (revisions) =>
    written.push(...revisions.map(({ entry }) => `${entry.dimensions.model} ${entry.rev}`)),
  );
  expect(outcome).toEqual({ adjusted: 3, outdated: 0 });
  expect(written).toEqual(['gpt-4o 1', 'gpt-4o 2', 'acme-13b 1', 'acme-13b 2', 'gpt-4o 1', 'gpt-4o 2']);
  const [total] = await ledger.costs({ ...everything, by: [], timezone: 'UTC' });
  expect(total).toMatchObject({ calls: 6, unpricedCalls: 1, cost: parseUsd('0.0188') });
});

test('stopped halfway and begun again, over many pages, each call is corrected once', async () => {
  const ledger = await temporaryLedger();
  await ledger.append(Array.from({ length: 2_500 }, (_, n) => makeEntry(n)));
  let left = 700;
  const stopping = {
    entries: (query: Parameters<typeof ledger.entries>[0]) => ledger.entries(query),
    adjust: async (adjustments: Parameters<typeof ledger.adjust>[0]) => {
      const answers = await ledger.adjust(adjustments.slice(0, left));
      left -= answers.length;
      if (left === 0) throw new Error('stopped');
      return answers;
    },
  };
  await expect(reprice(stopping, book, everything, 'run 1')).rejects.toThrow('stopped');
  expect(await reprice(ledger, book, everything, 'run 2')).toEqual({ adjusted: 1_800, outdated: 0 });
  expect(await reprice(ledger, book, everything, 'run 3')).toEqual({ adjusted: 0, outdated: 0 });
  const [total] = await ledger.costs({ ...everything, by: [], timezone: 'UTC' });
  expect(total).toMatchObject({ calls: 2_500, cost: 2_500n * parseUsd('0.0036') });
});
