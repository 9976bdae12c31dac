import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatUsd, parseUsd, USD } from '../../pricing/money.ts';
import {
  dimensionNames,
  maxAmount,
  signOf,
  type Bucket,
  type CostQuery,
  type CostRow,
  type DimensionName,
  type Entry,
  type Ledger,
  type Matcher,
} from '../../processor/ledger.ts';
import { matchAll } from '../../processor/matcher.ts';
import { addEntry, emptySums, HOUR } from '../../processor/rollup.ts';
import { chargeFor, gpt4o, makeEntry, NOVEMBER, unpriced } from '../support/entries.ts';
import { anyEntry, distinct, keyOf } from '../support/entry-arbitraries.ts';
import { windowConformance } from './window.ts';

const DAY = 24 * HOUR;
/** Times and ids of one run of a property, apart from those of other runs: they share a ledger, which takes time to open. */
interface Plot {
  readonly place: (entry: Entry) => Entry;
  readonly from: number;
  readonly to: number;
}
const PLOT = 40 * DAY;
function plots(): () => Plot {
  let run = 0;
  return () => {
    const offset = ++run * PLOT;
    const prefix = run.toString(16).padStart(8, '0');
    return {
      place: (entry) => ({ ...entry, startUs: entry.startUs + offset, traceId: prefix + entry.traceId.slice(8) }),
      from: NOVEMBER + offset - PLOT / 2,
      to: NOVEMBER + offset + PLOT / 2,
    };
  };
}

const ALL = { where: [], from: 0, to: Number.MAX_SAFE_INTEGER, timezone: 'UTC' } as const;

/**
 * What every ledger must do, run against each store. `open` opens the ledger of a folder, which may hold one already.
 *
 * @param part of the runs of properties: less where a store is slow, and is run in full elsewhere
 */
export function ledgerConformance(name: string, open: (folder: string) => Promise<Ledger>, part = 1): void {
  const runs = (full: number): { numRuns: number } => ({ numRuns: Math.ceil(full * part) });
  const newFolder = (): string => mkdtempSync(join(tmpdir(), 'spanledger-'));

  /** A ledger for one test. */
  async function newLedger(entries: readonly Entry[] = []): Promise<Ledger> {
    const folder = newFolder();
    const ledger = await open(folder);
    onTestFinished(async () => {
      await ledger.close();
      rmSync(folder, { recursive: true, force: true });
    });
    await ledger.append(entries);
    return ledger;
  }

  describe(`ledger on ${name}`, () => {
    describe('append', () => {
      test('a resend changes nothing and gets the first charge back, whatever it says itself', async () => {
        const ledger = await newLedger();
        const first = makeEntry(1, { taskId: 't', extra: { region: 'eu' } });
        const resend = makeEntry(1, { counts: { input: 9_999 }, dimensions: { customer_id: 'changed' } });
        expect(await ledger.append([first])).toEqual([{ entry: first, inserted: true }]);
        expect(await ledger.append([resend])).toEqual([{ entry: first, inserted: false }]);
        expect(await ledger.find(first.traceId, first.spanId)).toEqual([first]);
        expect(await ledger.costs({ ...ALL, by: [] })).toMatchObject([{ calls: 1, cost: parseUsd('0.004') }]);
      });

      test('the same call twice in one batch is one entry', async () => {
        const ledger = await newLedger();
        const answers = await ledger.append([makeEntry(1), makeEntry(2), makeEntry(1)]);
        expect(answers.map(({ inserted }) => inserted)).toEqual([true, true, false]);
      });

      test('nothing is an answer to nothing', async () => {
        const ledger = await newLedger();
        expect(await ledger.append([])).toEqual([]);
      });

      test('concurrent overlapping batches: each call is inserted by exactly one of them', async () => {
        const ledger = await newLedger();
        const batches = Array.from({ length: 20 }, (_, k) =>
          Array.from({ length: 30 }, (_, i) => makeEntry(k * 10 + i)),
        );
        const answers = (await Promise.all(batches.map((batch) => ledger.append(batch)))).flat();
        const inserted = answers.filter(({ inserted }) => inserted).map(({ entry }) => keyOf(entry));
        expect(inserted).toHaveLength(220);
        expect(new Set(inserted).size).toBe(220);
        expect(await ledger.costs({ ...ALL, by: [] })).toMatchObject([{ calls: 220, cost: parseUsd('0.88') }]);
      });

      test('however a history is cut into batches and repeated, the ledger is the same', async () => {
        const ledger = await newLedger();
        const nextPlot = plots();
        const histories = fc.array(fc.array(anyEntry, { maxLength: 12 }), { maxLength: 8 });
        const property = fc.asyncProperty(histories, fc.boolean(), async (history, together) => {
          const { place, from, to } = nextPlot();
          const batches = history.map((batch) => batch.map(place));
          const answers = together
            ? await Promise.all(batches.map((batch) => ledger.append(batch)))
            : await inTurn(batches, (batch) => ledger.append(batch));
          // The answers tell what is in the ledger: of each key the one that was inserted, and nothing else.
          const inserted = answers.flat().filter((answer) => answer.inserted);
          const stored = new Map(inserted.map(({ entry }) => [keyOf(entry), entry]));
          expect(sorted(inserted.map(({ entry }) => keyOf(entry)))).toEqual(
            sorted(distinct(batches.flat()).map(keyOf)),
          );
          for (const { entry } of answers.flat()) expect(entry).toEqual(stored.get(keyOf(entry)));
          const repeated = await ledger.append(batches.flat());
          expect(repeated.some((answer) => answer.inserted)).toBe(false);
          const kept = await ledger.entries({ where: [], from, to, limit: 1_000 });
          expect(kept.toReversed()).toEqual([...stored.values()].toSorted(byKey));
        });
        await fc.assert(property, runs(40));
      });

      const refused: readonly (readonly [string, Partial<Entry>])[] = [
        [
          'an amount beyond 9e9 USD',
          { charge: { ...chargeFor({}, {}), amount: maxAmount + 1n, lines: [] } as Entry['charge'] },
        ],
        [
          'lines that do not sum to the amount',
          { charge: { ...chargeFor({ input: 1 }, gpt4o), amount: 1n } as Entry['charge'] },
        ],
        ['a trace id that is none', { traceId: 'ABC' }],
        ['a count that is no whole number', { counts: { input: 0.5 } }],
        ['a start that is no whole number', { startUs: Number.NaN }],
        ['a correction', { rev: 1 }],
      ];
      test('what can not be kept exactly is refused with its batch, not with its neighbours', async () => {
        const ledger = await newLedger();
        for (const [index, [what, wrong]] of refused.entries()) {
          const n = index * 10;
          const entry = { ...makeEntry(n + 3), ...wrong };
          const bad = ledger.append([makeEntry(n + 1), entry]);
          const good = ledger.append([makeEntry(n + 2)]);
          const error = { code: 'entry_refused', message: expect.stringContaining(entry.traceId) };
          await expect(bad, what).rejects.toMatchObject(error);
          expect(await good, what).toMatchObject([{ inserted: true }]);
          expect(await ledger.append([makeEntry(n + 1)]), what).toMatchObject([{ inserted: true }]);
        }
        expect(await ledger.costs({ ...ALL, by: [] })).toMatchObject([{ calls: 2 * refused.length }]);
      });

      test('what is kept is kept: after closing and opening again everything is there', async () => {
        const folder = newFolder();
        onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
        const before = await open(folder);
        await before.append([makeEntry(1), makeEntry(2, { charge: unpriced('acme-13b') })]);
        await before.close();
        const after = await open(folder);
        onTestFinished(() => after.close());
        expect(await after.append([makeEntry(1), makeEntry(3)])).toMatchObject([
          { inserted: false },
          { inserted: true },
        ]);
        expect(await after.costs({ ...ALL, by: [] })).toMatchObject([
          { calls: 3, unpricedCalls: 1, cost: parseUsd('0.008') },
        ]);
      });
    });

    describe('sums', () => {
      test('25,000 charges of $0.004 are $100.00, exactly (S38; a million are in test/bench/ledger.ts)', async () => {
        const ledger = await newLedger();
        const batches = Array.from({ length: 25 }, (_, k) =>
          Array.from({ length: 1_000 }, (_, i) =>
            makeEntry(k * 1_000 + i, { startUs: NOVEMBER + i, dimensions: { customer_id: `c${k % 5}` } }),
          ),
        );
        await Promise.all(batches.map((batch) => ledger.append(batch)));
        const rows = await ledger.costs({ ...ALL, by: ['customer_id'] });
        expect(rows.map(({ cost }) => formatUsd(cost))).toEqual(Array.from({ length: 5 }, () => '20'));
        const { total, lines } = await ledger.derive(ALL);
        expect(formatUsd(total)).toBe('100');
        expect(lines.map(({ amount }) => formatUsd(amount))).toEqual(['50', '50']);
      });

      test('a femto-USD is not lost among billions, and a correction takes away what it says', async () => {
        const charge = (amount: bigint): Entry['charge'] => ({
          ...(chargeFor({}, {}) as Extract<Entry['charge'], { status: 'priced' }>),
          amount,
          lines: [{ unit: 'request', quantity: 1, rate: amount, amount }],
        });
        const amounts = [maxAmount, 1n, -1n, 999_999n, 1n, 999_999_999_999_999n, -maxAmount, -7n];
        const ledger = await newLedger();
        // Each alone, so that every one is added to what is there.
        for (const [n, amount] of amounts.entries())
          await ledger.append([makeEntry(n, { startUs: NOVEMBER, counts: { request: 1 }, charge: charge(amount) })]);
        const expected = sumOf(amounts);
        expect(await ledger.costs({ ...ALL, by: [] })).toMatchObject([{ cost: expected }]);
        expect(await ledger.derive(ALL)).toMatchObject({ total: expected });
      });

      test('sums beyond 64 bits are right over hours, and refused within one', async () => {
        const huge = (n: number, startUs: number): Entry =>
          makeEntry(n, { startUs, counts: { request: 1_000_000_000 }, rates: { request: '8' } });
        const ledger = await newLedger([0, 1, 2, 3, 4].map((hour) => huge(hour, NOVEMBER + hour * HOUR)));
        expect(await ledger.costs({ ...ALL, by: [] })).toMatchObject([{ cost: 40_000_000_000n * USD }]);
        expect((await ledger.derive(ALL)).total).toBe(40_000_000_000n * USD);
        const newcomer = makeEntry(8, {
          counts: { page: 3 },
          rates: { page: '0.5' },
          dimensions: { customer_id: 'new' },
        });
        await expect(ledger.append([newcomer, huge(9, NOVEMBER + 1)])).rejects.toMatchObject({
          code: 'entry_refused',
        });
        await expect(ledger.append([huge(10, NOVEMBER + DAY), huge(11, NOVEMBER + DAY)])).rejects.toMatchObject({
          code: 'entry_refused',
        });
        expect(await ledger.costs({ ...ALL, by: [] })).toMatchObject([{ calls: 5, cost: 40_000_000_000n * USD }]);
        // Nothing of a refused batch is taken for known later.
        await ledger.append([newcomer]);
        const where: Matcher[] = [{ name: 'customer_id', op: '=', value: 'new' }];
        expect(await ledger.costs({ ...ALL, by: [], where })).toMatchObject([{ calls: 1, cost: parseUsd('1.5') }]);
        expect(await ledger.find(newcomer.traceId, newcomer.spanId)).toEqual([newcomer]);
      });

      test('an unpriced call is counted, with its tokens, and is in no sum of money', async () => {
        const ledger = await newLedger([makeEntry(1), makeEntry(2, { charge: unpriced('acme-13b') })]);
        expect(await ledger.costs({ ...ALL, by: ['status'] })).toEqual(
          expect.arrayContaining([
            expect.objectContaining({
              values: { status: 'priced' },
              calls: 1,
              unpricedCalls: 0,
              cost: parseUsd('0.004'),
            }),
            expect.objectContaining({
              values: { status: 'unpriced' },
              calls: 1,
              unpricedCalls: 1,
              cost: 0n,
              inputTokens: 800,
            }),
          ]),
        );
        expect(await ledger.derive(ALL)).toMatchObject({
          total: parseUsd('0.004'),
          unpriced: [
            {
              provider: 'openai',
              model: 'gpt-4o',
              reason: 'unknown_model',
              calls: 1,
              inputTokens: 800,
              outputTokens: 200,
            },
          ],
        });
      });

      test('tokens: cache and reasoning are parts of input and output', async () => {
        const counts = { input: 1, cache_read: 10, cache_write_5m: 100, cache_write_1h: 1_000, cache_write: 10_000 };
        const more = {
          input_audio: 100_000,
          cache_read_image: 1_000_000,
          output: 2,
          reasoning: 20,
          output_audio: 200,
          page: 5,
        };
        const ledger = await newLedger([makeEntry(1, { counts: { ...counts, ...more }, charge: unpriced('x') })]);
        const sums = {
          inputTokens: 1_111_111,
          cacheReadTokens: 1_000_010,
          cacheWriteTokens: 11_100,
          outputTokens: 222,
          reasoningTokens: 20,
        };
        const hour = NOVEMBER;
        // From the rollups, and from the entries.
        expect(await ledger.costs({ ...ALL, by: [], from: hour, to: hour + HOUR })).toMatchObject([sums]);
        expect(await ledger.costs({ ...ALL, by: [], from: hour + 1, to: hour + HOUR - 1 })).toMatchObject([sums]);
      });

      test('rollup = ledger: any question after any history has the answer of the entries', async () => {
        const question = fc.record({
          by: fc.subarray([...dimensionNames].slice(0, 7)),
          where: fc.array(anyMatcher, { maxLength: 2 }),
          /** From the first entry. */
          from: fc.integer({ min: -HOUR, max: DAY }),
          length: fc.integer({ min: 1, max: 2 * DAY }),
          bucket: fc.constantFrom(undefined, 'hour' as const, 'day' as const, 'month' as const),
          timezone: fc.constantFrom('UTC', 'Asia/Kolkata', 'Asia/Kathmandu', 'America/New_York'),
        });
        const ledger = await newLedger();
        const nextPlot = plots();
        const property = fc.asyncProperty(
          fc.array(anyEntry, { maxLength: 40 }),
          fc.array(correction, { maxLength: 12 }),
          fc.array(question, { minLength: 4, maxLength: 4 }),
          async (drawn, corrections, questions) => {
            const { place, from: start } = nextPlot();
            const history = drawn.map(place);
            // In several commits, so that rollups are added to.
            for (let i = 0; i < history.length; i += 3) await ledger.append(history.slice(i, i + 3));
            const kept = [...distinct(history), ...(await correct(ledger, distinct(history), corrections))];
            for (const { from, length, ...rest } of questions) {
              const begin = start + PLOT / 2 + from;
              const query: CostQuery = { ...rest, from: begin, to: begin + length };
              expect(labelled(await ledger.costs(query), query)).toEqual(expectedCosts(kept, query));
            }
          },
        );
        await fc.assert(property, runs(40));
      });
    });

    describe('adjust', () => {
      test('a late price: the original stays visible, the sums are those of the correction', async () => {
        const usage = { counts: { input: 1_000_000, output: 250_000 }, dimensions: { model: 'acme-13b' } };
        const call = makeEntry(1, { ...usage, charge: unpriced('acme-13b') });
        const ledger = await newLedger([call, makeEntry(2)]);
        const priced = makeEntry(1, { ...usage, rates: { input: '0.0000003', output: '0.0000012' } });
        const [answer] = await ledger.adjust([{ of: call, replacement: priced, id: 'reprice 1' }]);
        const back = { ...call, rev: 1, adjustment: 'reprice 1' };
        const right = { ...priced, rev: 2, adjustment: 'reprice 1' };
        expect(answer).toEqual({
          status: 'adjusted',
          revisions: [
            { entry: back, inserted: true },
            { entry: right, inserted: true },
          ],
        });
        expect(await ledger.find(call.traceId, call.spanId)).toEqual([call, back, right]);
        const where: Matcher[] = [{ name: 'model', op: '=', value: 'acme-13b' }];
        const sums = {
          calls: 1,
          unpricedCalls: 0,
          cost: parseUsd('0.6'),
          inputTokens: 1_000_000,
          outputTokens: 250_000,
        };
        expect(await ledger.costs({ ...ALL, by: ['status'], where })).toEqual([
          expect.objectContaining({ values: { status: 'priced' }, ...sums }),
        ]);
        expect(await ledger.derive({ ...ALL, where })).toMatchObject({ total: parseUsd('0.6'), unpriced: [] });
        // A resend still finds the call as it came in.
        expect(await ledger.append([call])).toEqual([{ entry: call, inserted: false }]);
      });

      test('done again it changes nothing; another one that knew less is told so', async () => {
        const ledger = await newLedger([makeEntry(1)]);
        const adjustment = { of: makeEntry(1), replacement: makeEntry(1, { counts: { input: 80 } }), id: 'a' };
        const [first, again, other] = await ledger.adjust([adjustment, adjustment, { ...adjustment, id: 'b' }]);
        expect(again).toEqual({
          status: 'known',
          revisions: first?.revisions.map(({ entry }) => ({ entry, inserted: false })),
        });
        expect(other).toEqual({ status: 'outdated', revisions: [] });
        expect(await ledger.adjust([{ ...adjustment, of: makeEntry(2), replacement: undefined }])).toEqual([
          { status: 'unknown', revisions: [] },
        ]);
        expect(await ledger.costs({ ...ALL, by: [] })).toMatchObject([{ calls: 1, cost: parseUsd('0.0002') }]);
      });

      test('taken back whole, and put back again', async () => {
        const ledger = await newLedger([makeEntry(1), makeEntry(2)]);
        await ledger.adjust([{ of: makeEntry(1), replacement: undefined, id: 'leaf' }]);
        expect(await ledger.costs({ ...ALL, by: [] })).toMatchObject([{ calls: 1, cost: parseUsd('0.004') }]);
        await ledger.adjust([{ of: makeEntry(2), replacement: undefined, id: 'leaf' }]);
        expect(await ledger.costs({ ...ALL, by: [] })).toEqual([]);
        expect(await ledger.derive(ALL)).toEqual({ lines: [], unpriced: [], total: 0n });
        const of = { ...makeEntry(1), rev: 1 };
        const [back] = await ledger.adjust([{ of, replacement: makeEntry(1), id: 'no leaf' }]);
        expect(back?.revisions.map(({ entry }) => entry.rev)).toEqual([2]);
        expect(await ledger.costs({ ...ALL, by: [] })).toMatchObject([{ calls: 1, cost: parseUsd('0.004') }]);
      });

      test('all of it or nothing; what can not be kept is refused', async () => {
        const ledger = await newLedger([makeEntry(1), makeEntry(2)]);
        const fine = { of: makeEntry(1), replacement: undefined, id: 'a' };
        const wrong = [
          { of: makeEntry(2), replacement: makeEntry(3), id: 'a' },
          { of: makeEntry(2), replacement: makeEntry(2, { counts: { input: -1 } }), id: 'a' },
          { of: makeEntry(2), replacement: undefined, id: '' },
        ];
        for (const bad of wrong)
          await expect(ledger.adjust([fine, bad])).rejects.toMatchObject({ code: 'entry_refused' });
        expect(await ledger.costs({ ...ALL, by: [] })).toMatchObject([{ calls: 2 }]);
      });

      test('what was done is remembered once', async () => {
        const ledger = await newLedger();
        const row = { id: 'reprice 1', at: 5, action: 'reprice', detail: '{"calls":1}' };
        expect(await ledger.addAudit(row)).toBe(true);
        expect(await ledger.addAudit({ ...row, at: 9 })).toBe(false);
        await ledger.addAudit({ ...row, id: 'reprice 2', at: 7 });
        expect((await ledger.audit(10)).map(({ id }) => id)).toEqual(['reprice 2', 'reprice 1']);
        expect(await ledger.audit(1)).toMatchObject([{ id: 'reprice 2', at: 7 }]);
      });
    });

    describe('derive', () => {
      test('lines sum to the total exactly, after any history', async () => {
        const ledger = await newLedger();
        const nextPlot = plots();
        const histories = fc.array(anyEntry, { maxLength: 40 });
        const property = fc.asyncProperty(histories, fc.array(correction, { maxLength: 12 }), async (drawn, wrong) => {
          const { place, from, to } = nextPlot();
          const history = distinct(drawn.map(place));
          await ledger.append(history);
          const kept = [...history, ...(await correct(ledger, history, wrong))];
          const { lines, unpriced, total } = await ledger.derive({ where: [], from, to });
          const sums = { ...emptySums(), unpricedCalls: 0 };
          for (const entry of kept) addWhole(sums, entry);
          expect(total).toBe(sums.cost);
          expect(sumOf(lines.map(({ amount }) => amount))).toBe(total);
          for (const { quantity, rate, amount } of lines) expect(rate * BigInt(quantity)).toBe(amount);
          expect(unpriced.reduce((sum, { calls }) => sum + calls, 0)).toBe(sums.unpricedCalls);
        });
        await fc.assert(property, runs(40));
      });

      test('one line a card, version, unit and rate, with the calls that used it', async () => {
        const other = chargeFor({ input: 100 }, { input: '0.000001' });
        const ledger = await newLedger([
          makeEntry(1),
          makeEntry(2, { counts: { input: 200, cache_read: 300, output: 0 } }),
          makeEntry(3, { counts: { input: 100 }, charge: other }),
          makeEntry(4, { counts: { input: 7 }, dimensions: { customer_id: 'elsewhere' } }),
          makeEntry(9_999, { counts: { input: 7 } }),
        ]);
        const { lines } = await ledger.derive({
          where: [{ name: 'customer_id', op: '=', value: '' }],
          from: NOVEMBER,
          to: NOVEMBER + DAY,
        });
        const rows = lines.map(({ unit, quantity, calls, rate }) => [unit, quantity, calls, formatUsd(rate)]);
        expect(rows).toHaveLength(4);
        expect(rows).toEqual(
          expect.arrayContaining([
            ['input', 1_000, 2, '0.0000025'],
            ['cache_read', 300, 1, '0.00000125'],
            ['output', 200, 1, '0.00001'],
            ['input', 100, 1, '0.000001'],
          ]),
        );
      });
    });

    describe('entries', () => {
      test('any entry comes back as it went in', async () => {
        const ledger = await newLedger();
        const nextPlot = plots();
        const property = fc.asyncProperty(anyEntry, async (drawn) => {
          const entry = nextPlot().place(drawn);
          await ledger.append([entry]);
          expect(await ledger.find(entry.traceId, entry.spanId)).toEqual([entry]);
          expect(await ledger.append([entry])).toEqual([{ entry, inserted: false }]);
        });
        await fc.assert(property, runs(100));
      });

      test('pages of any size are the whole, newest first', async () => {
        const ledger = await newLedger();
        const nextPlot = plots();
        const histories = fc.array(anyEntry, { maxLength: 40 });
        const property = fc.asyncProperty(histories, fc.integer({ min: 1, max: 9 }), async (drawn, limit) => {
          const { place, from, to } = nextPlot();
          const history = drawn.map(place);
          await ledger.append(history);
          const seen: Entry[] = [];
          for (;;) {
            const page = await ledger.entries({ where: [], from, to, limit, after: seen.at(-1) });
            seen.push(...page);
            if (page.length < limit) break;
          }
          expect(seen.map(keyOf)).toEqual(distinct(history).toSorted(byKey).toReversed().map(keyOf));
        });
        await fc.assert(property, runs(25));
      });

      test('range, filter and ids narrow them', async () => {
        const ledger = await newLedger([
          makeEntry(1, { taskId: 'a', userId: 'u' }),
          makeEntry(2, { taskId: 'a', sessionId: 's', dimensions: { plan: 'pro' } }),
          makeEntry(3, { dimensions: { plan: 'free' } }),
        ]);
        const numbers = async (query: Partial<Parameters<Ledger['entries']>[0]>): Promise<number[]> => {
          const found = await ledger.entries({ where: [], from: 0, to: ALL.to, limit: 10, ...query });
          return found.map(({ startUs }) => (startUs - NOVEMBER) / 60_000_000);
        };
        expect(await numbers({ ids: { task_id: 'a' } })).toEqual([2, 1]);
        expect(await numbers({ ids: { task_id: 'a', user_id: 'u' } })).toEqual([1]);
        expect(await numbers({ ids: { session_id: '' } })).toEqual([3, 1]);
        expect(await numbers({ where: [{ name: 'plan', op: '=', value: 'pro' }] })).toEqual([2]);
        expect(await numbers({ from: NOVEMBER + 120_000_000, to: NOVEMBER + 180_000_000 })).toEqual([2]);
      });

      test('all revisions of a call, the first one first; none of an unknown call', async () => {
        const call = makeEntry(5, { charge: unpriced('acme-13b') });
        const ledger = await newLedger([call, makeEntry(6)]);
        await ledger.adjust([{ of: call, replacement: makeEntry(5), id: 'late price' }]);
        expect((await ledger.find(call.traceId, call.spanId)).map(({ rev }) => rev)).toEqual([0, 1, 2]);
        expect(await ledger.find('f'.repeat(32), call.spanId)).toEqual([]);
        expect(await ledger.find('no id', "' OR 1=1")).toEqual([]);
        expect(await ledger.costs({ ...ALL, by: [] })).toMatchObject([{ calls: 2, unpricedCalls: 0 }]);
      });

      test('where the ledger begins', async () => {
        const ledger = await newLedger();
        expect(await ledger.firstUs()).toBeUndefined();
        await ledger.append([makeEntry(9), makeEntry(4), makeEntry(7)]);
        expect(await ledger.firstUs()).toBe(makeEntry(4).startUs);
      });
    });

    describe('matchers', () => {
      const plans = ['', 'pro', 'enterprise', 'free', 'pro-plus'];
      const cases: readonly (readonly [Matcher['op'], string, readonly string[]])[] = [
        ['=', 'pro', ['pro']],
        ['=', '', ['']],
        ['!=', 'pro', ['', 'enterprise', 'free', 'pro-plus']],
        ['=~', 'pro|free', ['free', 'pro']],
        ['=~', 'p.*', ['pro', 'pro-plus']],
        ['=~', '', ['']],
        ['!~', 'p.*|', ['enterprise', 'free']],
        ['=', "pro' OR '1'='1", []],
      ];
      test('=, !=, =~ and !~ against the whole value', async () => {
        const ledger = await newLedger(plans.map((plan, index) => makeEntry(index, { dimensions: { plan } })));
        for (const [op, value, expected] of cases) {
          const where: Matcher[] = [{ name: 'plan', op, value }];
          const rows = await ledger.costs({ ...ALL, by: ['plan'], where });
          expect(sorted(rows.map(({ values }) => values.plan ?? '')), `plan${op}"${value}"`).toEqual(sorted(expected));
          const { lines } = await ledger.derive({ ...ALL, where });
          expect(lines[0]?.calls ?? 0).toBe(expected.length);
        }
      });

      test('all of several must hold; a pattern or name that is none is refused', async () => {
        const ledger = await newLedger([
          makeEntry(1, { dimensions: { plan: 'pro', team: 'a' } }),
          makeEntry(2, { dimensions: { plan: 'pro' } }),
        ]);
        const where: Matcher[] = [
          { name: 'plan', op: '=', value: 'pro' },
          { name: 'team', op: '!=', value: '' },
        ];
        expect(await ledger.costs({ ...ALL, by: [], where })).toMatchObject([{ calls: 1 }]);
        const wrong = { name: 'plan', op: '=~', value: '(' } as const;
        await expect(ledger.costs({ ...ALL, by: [], where: [wrong] })).rejects.toMatchObject({ code: 'invalid_query' });
        const unknown = { name: 'id) --' as DimensionName, op: '=', value: '1' } as const;
        await expect(ledger.costs({ ...ALL, by: [], where: [unknown] })).rejects.toMatchObject({
          code: 'invalid_query',
        });
      });
    });

    describe('buckets', () => {
      const at = (iso: string): number => Date.parse(iso) * 1000;
      const cases: readonly (readonly [
        zone: string,
        bucket: Bucket,
        calls: readonly string[],
        buckets: readonly (readonly [string, number])[],
      ])[] = [
        [
          'UTC',
          'day',
          ['2026-11-01T23:59:59.999Z', '2026-11-02T00:00:00Z'],
          [
            ['2026-11-01T00:00:00Z', 1],
            ['2026-11-02T00:00:00Z', 1],
          ],
        ],
        [
          'UTC',
          'month',
          ['2026-10-31T23:59:59Z', '2026-11-30T23:00:00Z'],
          [
            ['2026-10-01T00:00:00Z', 1],
            ['2026-11-01T00:00:00Z', 1],
          ],
        ],
        // +05:30 and +05:45: the boundary is within a UTC hour.
        [
          'Asia/Kolkata',
          'day',
          ['2026-11-01T18:29:59Z', '2026-11-01T18:30:00Z'],
          [
            ['2026-10-31T18:30:00Z', 1],
            ['2026-11-01T18:30:00Z', 1],
          ],
        ],
        [
          'Asia/Kathmandu',
          'hour',
          ['2026-11-01T10:14:59Z', '2026-11-01T10:15:00Z', '2026-11-01T11:14:59Z'],
          [
            ['2026-11-01T09:15:00Z', 1],
            ['2026-11-01T10:15:00Z', 2],
          ],
        ],
        [
          'Asia/Kathmandu',
          'month',
          ['2026-10-31T18:14:59Z', '2026-10-31T18:15:00Z'],
          [
            ['2026-09-30T18:15:00Z', 1],
            ['2026-10-31T18:15:00Z', 1],
          ],
        ],
        // 1 November 2026 has 25 hours in New York, 8 March 23.
        [
          'America/New_York',
          'day',
          ['2026-11-01T04:00:00Z', '2026-11-02T04:59:59Z', '2026-11-02T05:00:00Z'],
          [
            ['2026-11-01T04:00:00Z', 2],
            ['2026-11-02T05:00:00Z', 1],
          ],
        ],
        [
          'America/New_York',
          'day',
          ['2026-03-08T05:00:00Z', '2026-03-09T03:59:59Z', '2026-03-09T04:00:00Z'],
          [
            ['2026-03-08T05:00:00Z', 2],
            ['2026-03-09T04:00:00Z', 1],
          ],
        ],
        // 1:30 comes twice that night: two hours.
        [
          'America/New_York',
          'hour',
          ['2026-11-01T05:30:00Z', '2026-11-01T06:30:00Z'],
          [
            ['2026-11-01T05:00:00Z', 1],
            ['2026-11-01T06:00:00Z', 1],
          ],
        ],
      ];
      test('are cut where the clock on the wall says', async () => {
        const ledger = await newLedger();
        for (const [index, [timezone, bucket, starts, buckets]] of cases.entries()) {
          const plan = `case ${index}`;
          await ledger.append(
            starts.map((start, n) => makeEntry(index * 10 + n, { startUs: at(start), dimensions: { plan } })),
          );
          const where: Matcher[] = [{ name: 'plan', op: '=', value: plan }];
          const first = at(starts[0] ?? '');
          const query = { by: [], where, from: first - 40 * DAY, to: first + 40 * DAY, bucket, timezone };
          const rows = await ledger.costs(query);
          const found = rows.map(({ bucketUs = 0, calls }) => [bucketUs, calls]).toSorted(([a = 0], [b = 0]) => a - b);
          expect(found, `${bucket} in ${timezone}`).toEqual(buckets.map(([start, calls]) => [at(start), calls]));
        }
      });

      test('a zone that is none is refused, and so are buckets without end', async () => {
        const ledger = await newLedger();
        await expect(ledger.costs({ ...ALL, by: [], bucket: 'day', timezone: 'Mars/Olympus' })).rejects.toMatchObject({
          code: 'invalid_query',
        });
        await expect(ledger.costs({ ...ALL, by: [], bucket: 'hour' })).rejects.toMatchObject({ code: 'invalid_query' });
      });
    });

    describe('crossings', () => {
      test('one is remembered for ever, and is undelivered until it is marked', async () => {
        const folder = newFolder();
        onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
        const ledger = await open(folder);
        expect(await ledger.addCrossing({ key: 'daily|acme|70%', at: 2, payload: '{"a":1}' })).toBe(true);
        expect(await ledger.addCrossing({ key: 'daily|acme|70%', at: 3, payload: '{"a":2}' })).toBe(false);
        expect(await ledger.addCrossing({ key: 'daily|acme|90%', at: 1, payload: '{}' })).toBe(true);
        expect((await ledger.undelivered()).map(({ key, payload }) => [key, payload])).toEqual([
          ['daily|acme|90%', '{}'],
          ['daily|acme|70%', '{"a":1}'],
        ]);
        await ledger.markDelivered('daily|acme|90%');
        await ledger.close();
        const again = await open(folder);
        onTestFinished(() => again.close());
        expect((await again.undelivered()).map(({ key }) => key)).toEqual(['daily|acme|70%']);
        expect(await again.crossing('daily|acme|90%')).toEqual({
          key: 'daily|acme|90%',
          at: 1,
          payload: '{}',
          delivered: true,
        });
        expect(await again.crossing('daily|acme|99%')).toBeUndefined();
        expect(await again.addCrossing({ key: 'daily|acme|90%', at: 9, payload: '{}' })).toBe(false);
        expect((await again.firing()).map(({ key }) => key)).toEqual(['daily|acme|90%', 'daily|acme|70%']);
        await again.addCrossing({ key: 'daily|acme|90%|resolved', at: 9, payload: '{}' });
        expect((await again.firing()).map(({ key }) => key)).toEqual(['daily|acme|70%']);
      });
    });

    windowConformance(newLedger);

    describe('life', () => {
      test('what was handed over before closing is kept; afterwards everything says that it is closed', async () => {
        const folder = newFolder();
        onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
        const ledger = await open(folder);
        const last = ledger.append([makeEntry(1)]);
        await ledger.close();
        expect(await last).toMatchObject([{ inserted: true }]);
        await ledger.close();
        const uses = [
          () => ledger.append([makeEntry(2)]),
          () => ledger.costs({ ...ALL, by: [] }),
          () => ledger.check(),
          () => ledger.undelivered(),
        ];
        for (const use of uses) await expect(use()).rejects.toMatchObject({ code: 'ledger_unavailable' });
      });

      test('a check passes while it can be written to', async () => {
        const ledger = await newLedger();
        await expect(ledger.check()).resolves.toBeUndefined();
      });
    });
  });
}

/** Which call is wrong, and what it is instead. */
interface Correction {
  readonly index: number;
  readonly instead: Entry | undefined;
}
const correction: fc.Arbitrary<Correction> = fc.record({
  index: fc.nat(60),
  instead: fc.option(anyEntry, { nil: undefined }),
});

/** Corrects some calls, some of them again; answers the revisions that this added. */
async function correct(ledger: Ledger, calls: readonly Entry[], corrections: readonly Correction[]): Promise<Entry[]> {
  const newest = [...calls];
  const added: Entry[] = [];
  for (const [n, { index, instead }] of corrections.entries()) {
    const of = newest[index];
    if (of === undefined) continue;
    const { startUs, traceId, spanId } = of;
    const replacement = instead && { ...instead, startUs, traceId, spanId };
    const [answer] = await ledger.adjust([{ of, replacement, id: `correction ${n}` }]);
    const revisions = answer?.revisions.map(({ entry }) => entry) ?? [];
    added.push(...revisions);
    newest[index] = revisions.at(-1) ?? of;
  }
  return added;
}

/** As the ledger sums, with the calls that have no price. */
function addWhole(sums: Omit<CostRow, 'values' | 'bucketUs'>, entry: Entry): void {
  addEntry(sums, entry);
  if (entry.charge.status === 'unpriced') (sums as { unpricedCalls: number }).unpricedCalls += signOf(entry);
}

const anyMatcher: fc.Arbitrary<Matcher> = fc.record({
  name: fc.constantFrom(...dimensionNames.slice(0, 6), 'status' as const),
  op: fc.constantFrom('=', '!=', '=~', '!~'),
  value: fc.constantFrom('', 'acme', 'a.*', 'priced', 'gr.ße|globex'),
});

function byKey(a: Entry, b: Entry): number {
  if (a.startUs !== b.startUs) return a.startUs - b.startUs;
  const [left, right] = [a.traceId + a.spanId, b.traceId + b.spanId];
  return left < right ? -1 : left > right ? 1 : a.rev - b.rev;
}

function sorted(texts: readonly string[]): string[] {
  return texts.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function sumOf(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}

async function inTurn<T, U>(items: readonly T[], action: (item: T) => Promise<U>): Promise<U[]> {
  const answers: U[] = [];
  for (const item of items) answers.push(await action(item));
  return answers;
}

type Labelled = Record<string, Omit<CostRow, 'values' | 'bucketUs'>>;

/** Rows under a text of their values and of their bucket's beginning on the wall's clock. */
function labelled(rows: readonly CostRow[], query: CostQuery): Labelled {
  return Object.fromEntries(
    rows.map(({ values, bucketUs, ...sums }) => [
      labelOf(values, bucketUs === undefined ? '' : wall(bucketUs, query)),
      sums,
    ]),
  );
}

/** The oracle: from the entries one by one, with buckets told apart by what the wall's clock shows. */
function expectedCosts(entries: readonly Entry[], query: CostQuery): Labelled {
  const matches = matchAll(query.where);
  const rows: Labelled = {};
  for (const entry of entries) {
    if (entry.startUs < query.from || entry.startUs >= query.to || !matches(entry.dimensions)) continue;
    const values = Object.fromEntries(query.by.map((name) => [name, entry.dimensions[name]]));
    const row = (rows[labelOf(values, query.bucket === undefined ? '' : wall(entry.startUs, query))] ??= {
      ...emptySums(),
      unpricedCalls: 0,
    });
    addWhole(row, entry);
  }
  return Object.fromEntries(Object.entries(rows).filter(([, { calls }]) => calls > 0));
}

function labelOf(values: CostRow['values'], bucket: string): string {
  return JSON.stringify([bucket, ...dimensionNames.map((name) => values[name])]);
}

/** The offset sets the two hours of the same name apart, in the night when clocks go back. */
function wall(us: number, { bucket, timezone }: CostQuery): string {
  const text = new Intl.DateTimeFormat('sv', { timeZone: timezone, dateStyle: 'short', timeStyle: 'long' }).format(
    us / 1000,
  );
  const [date = '', time = '', ...offset] = text.split(' ');
  if (bucket === 'month') return date.slice(0, 7);
  return bucket === 'day' ? date : `${date} ${time.slice(0, 2)} ${offset.join(' ')}`;
}
