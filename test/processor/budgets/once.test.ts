import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { createBudgets, type Budgets } from '../../../processor/budgets/index.ts';
import { SpanledgerError } from '../../../processor/errors.ts';
import type { Entry, Ledger } from '../../../processor/ledger.ts';
import { openSqliteLedger } from '../../../processor/stores/sqlite.ts';
import { makeEntry, NOVEMBER } from '../../support/entries.ts';
import { limitOf } from '../../../processor/budgets/quantity.ts';
import { Tracker } from '../../../processor/budgets/tracker.ts';
import { memoryLog, rulesOf, startReceiver, type Receiver, webhookTo } from './support.ts';

const now = NOVEMBER + 10.5 * 86_400_000_000;
const rules = rulesOf(
  'budget: each, by: [customer_id], amount: 0.02 USD, period: month, preset: 70-90-110',
  'budget: all, amount: 0.05 USD, period: day, match: [\'feature="chat"\'], preset: 80-120',
);
const folder = mkdtempSync(join(tmpdir(), 'spanledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What happens to a processor. */
type Event =
  | { readonly kind: 'calls'; readonly entries: readonly Entry[] }
  | { readonly kind: 'restart' }
  | { readonly kind: 'ledger away' | 'receiver unwell'; readonly times: number };

const entry = fc
  .record({ n: fc.nat(30), customer: fc.constantFrom('acme', 'bolt', ''), feature: fc.constantFrom('chat', 'search') })
  .map(({ n, customer, feature }) =>
    makeEntry(n, { startUs: now - n - 1, dimensions: { customer_id: customer, feature } }),
  );
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('calls' as const), entries: fc.array(entry, { maxLength: 8 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('ledger away' as const, 'receiver unwell' as const),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
);

/** The ledger, of which the next writes and look-ups fail. */
function failing(ledger: Ledger): { readonly flaky: Ledger; readonly fail: (times: number) => void } {
  let failures = 0;
  const guard =
    <A extends readonly unknown[], R>(method: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (failures > 0) {
        failures--;
        throw new SpanledgerError('ledger_unavailable', 'ledger is locked');
      }
      return method(...args);
    };
  return {
    flaky: {
      ...ledger,
      crossing: guard((key: string) => ledger.crossing(key)),
      addCrossing: guard((crossing: Parameters<Ledger['addCrossing']>[0]) => ledger.addCrossing(crossing)),
      markDelivered: guard((key: string) => ledger.markDelivered(key)),
    },
    fail: (times) => (failures = times),
  };
}

/** What the ledger's sums say must have been told, by key, in order. */
async function expectedOf(ledger: Ledger): Promise<Record<string, string[]>> {
  const expected: Record<string, string[]> = {};
  for (const rule of rules) {
    const period = new Tracker(rule).periodAt(now);
    const range = { from: period.startUs, to: period.endUs, timezone: rule.timezone };
    for (const { values, cost } of await ledger.costs({ by: rule.by, where: rule.match, ...range })) {
      const levels = rule.thresholds.filter(({ at }) => cost >= limitOf(at, rule.amount)).map(({ label }) => label);
      if (levels.length > 0) expected[`${rule.budget} ${values.customer_id ?? ''}`] = levels;
    }
  }
  return expected;
}

function toldBy(receiver: Receiver): Record<string, string[]> {
  const told: Record<string, string[]> = {};
  for (const { body } of receiver.posts.filter(({ status }) => status === 200))
    for (const { labels } of body.alerts)
      (told[`${labels['budget']} ${labels['customer_id'] ?? ''}`] ??= []).push(labels['threshold'] ?? '');
  return told;
}

it('every crossing is told once, thresholds ascending: whatever fails or restarts in between', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 12 }), async (events) => {
      const ledger = await openSqliteLedger({ path: join(folder, `${run++}.db`) });
      const receiver = await startReceiver();
      const { flaky, fail } = failing(ledger);
      const start = async (): Promise<Budgets> => {
        const notify = webhookTo(receiver.url);
        const options = { rules, notify, ledger: flaky, log: memoryLog(), now: () => now, firstPauseMs: 1 };
        const budgets = createBudgets(options);
        await budgets.start();
        return budgets;
      };
      let budgets = await start();
      try {
        for (const each of events) {
          if (each.kind === 'calls') budgets.observe(await ledger.append(each.entries));
          else if (each.kind === 'ledger away') fail(each.times);
          else if (each.kind === 'receiver unwell') receiver.answer(...Array.from({ length: each.times }, () => 503));
          else {
            await budgets.stop();
            budgets = await start();
          }
        }
        await budgets.settled();
        expect(toldBy(receiver)).toEqual(await expectedOf(ledger));
      } finally {
        await budgets.stop();
        await receiver.stop();
        await ledger.close();
      }
    }),
    { numRuns: 12 },
  );
});
