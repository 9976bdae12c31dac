import { describe, expect, test } from 'vitest';
import type { Entry, Ledger } from '../../processor/ledger.ts';
import type { Held, HeldKey } from '../../processor/window.ts';
import { makeEntry, NOVEMBER } from '../support/entries.ts';

const SECOND = 1_000_000;

function held(n: number, more: Partial<Held> = {}): Held {
  return {
    traceId: n.toString(16).padStart(32, '0'),
    spanId: (n + 1).toString(16).padStart(16, '0'),
    kind: 'aggregate',
    state: 'waiting',
    startUs: NOVEMBER + n * SECOND,
    endUs: NOVEMBER + (n + 1) * SECOND,
    dueUs: NOVEMBER + n * SECOND,
    body: `{"n":${n}}`,
    ...more,
  };
}

/** What every ledger remembers of what is held back. */
export function windowConformance(newLedger: (entries?: readonly Entry[]) => Promise<Ledger>): void {
  describe('window', () => {
    test('what is held is kept as it came first, and found by its trace in any state', async () => {
      const { window } = await newLedger();
      const open = held(1, { kind: 'open' });
      await window.hold([held(1), held(2), open]);
      await window.hold([held(1, { body: 'later', dueUs: 0 })]);
      await window.mark([held(2)], { state: 'charged', dueUs: NOVEMBER + 99 * SECOND });
      const charged = held(2, { state: 'charged', dueUs: NOVEMBER + 99 * SECOND });
      const found = await window.ofTraces([held(1).traceId, held(2).traceId, held(7).traceId]);
      expect(found.toSorted(byKey)).toEqual([held(1), open, charged].toSorted(byKey));
      expect(await window.ofTraces([])).toEqual([]);
      expect(await window.waiting()).toEqual({ aggregate: 1, open: 1 });
      await window.release([held(1), held(2)]);
      expect(await window.ofTraces([held(1).traceId, held(2).traceId])).toEqual([open]);
    });

    test('what is due goes to one caller, the longest due first, and is due again later', async () => {
      const { window } = await newLedger();
      await window.hold([held(3), held(1), held(2), held(4)]);
      const now = NOVEMBER + 3 * SECOND;
      const until = now + 10 * SECOND;
      const first = await window.claim({ now, until, limit: 2 });
      expect(first.map(keyOf)).toEqual([held(1), held(2)].map(keyOf));
      const [second, third] = await Promise.all([
        window.claim({ now, until, limit: 9 }),
        window.claim({ now, until, limit: 9 }),
      ]);
      expect([...second, ...third].map(keyOf)).toEqual([keyOf(held(3))]);
      const again = await window.claim({ now: until, until: until + 1, limit: 9 });
      expect(again.map(keyOf).toSorted()).toEqual([1, 2, 3, 4].map((n) => keyOf(held(n))).toSorted());
    });

    test('what was released or is unknown is not marked', async () => {
      const { window } = await newLedger();
      await window.hold([held(1)]);
      await window.release([held(1)]);
      await window.mark([held(1), held(9)], { state: 'charged', dueUs: 0 });
      expect(await window.claim({ now: Number.MAX_SAFE_INTEGER, until: 1, limit: 9 })).toEqual([]);
    });

    test('open calls are listed, those that began last first, until they are charged', async () => {
      const { window } = await newLedger();
      const open = [1, 2, 3].map((n) => held(n, { kind: 'open' }));
      await window.hold([...open, held(4)]);
      expect(await window.openCalls(2)).toEqual([open[2], open[1]]);
      await window.mark(open.slice(2), { state: 'charged', dueUs: 0 });
      expect(await window.openCalls(9)).toEqual([open[1], open[0]]);
    });

    test('the calls of a trace are those that stand', async () => {
      const traceId = 'c'.repeat(32);
      const one = makeEntry(1, { traceId, responseId: 'answer 1' });
      const two = makeEntry(2, { traceId });
      const three = makeEntry(3, { traceId, responseId: 'answer 3' });
      const ledger = await newLedger([one, two, three, makeEntry(4)]);
      await ledger.adjust([
        { of: two, replacement: undefined, id: 'taken back' },
        { of: three, replacement: { ...three, usageState: 'estimated', durationUs: 7 }, id: 'replaced' },
      ]);
      const all = { traceIds: [traceId, 'd'.repeat(32)], from: one.startUs, to: three.startUs + 1 };
      const facts = (entry: Entry): unknown => {
        const { spanId, startUs, durationUs, usageState, responseId } = entry;
        return { traceId, spanId, startUs, durationUs, usageState, responseId };
      };
      const found = await ledger.window.calls(all);
      expect(found.toSorted((a, b) => a.startUs - b.startUs)).toEqual([
        facts(one),
        facts({ ...three, usageState: 'estimated', durationUs: 7 }),
      ]);
      expect(await ledger.window.calls({ ...all, to: three.startUs })).toEqual([facts(one)]);
      expect(await ledger.window.calls({ ...all, from: one.startUs + 1, to: three.startUs })).toEqual([]);
    });
  });
}

function keyOf({ traceId, spanId, kind }: HeldKey): string {
  return `${traceId}${spanId}${kind}`;
}

function byKey(a: HeldKey, b: HeldKey): number {
  return keyOf(a) < keyOf(b) ? -1 : 1;
}
