import { expect, it } from 'vitest';
import { formatUsd } from '../../../pricing/money.ts';
import { createCommit, recentCalls } from '../../../processor/stages/commit.ts';
import type { Told } from '../../../processor/stages/once.ts';
import { makeEntry } from '../../support/entries.ts';
import { temporaryLedger } from '../../support/ledger.ts';
import { makeSpan } from '../../support/span.ts';

const EVERYTHING = { where: [], from: 0, to: Number.MAX_SAFE_INTEGER } as const;

/** The same answer, told by span `n`. */
function told(n: number, seconds: number): Told {
  const entry = makeEntry(n, { traceId: 'a'.repeat(32), responseId: 'r', durationUs: seconds * 1_000_000 });
  return { span: makeSpan({ traceId: entry.traceId, spanId: entry.spanId }), entry };
}

it.each([
  ['worse', [told(1, 1), told(2, 2)]],
  ['better', [told(1, 3), told(2, 2)]],
  ['better twice', [told(1, 4), told(2, 3), told(3, 2)]],
])('a call that is told again after a restart is charged once: told %s', async (_, calls) => {
  const ledger = await temporaryLedger();
  const now = told(4, 1).entry.startUs;
  for (const call of calls) {
    const commit = createCommit(ledger, await recentCalls(ledger, now));
    await commit([call]);
    await commit([call]);
  }
  expect(formatUsd((await ledger.derive(EVERYTHING)).total)).toBe('0.004');
});

it.each([true, false])(
  'what the ledger corrected since then is taken back as it is now (restarted: %s)',
  async (restarts) => {
    const ledger = await temporaryLedger();
    const [outer, inner] = [told(1, 3), told(2, 2)];
    const commit = createCommit(ledger);
    await commit([outer]);
    await ledger.adjust([{ of: outer.entry, replacement: { ...outer.entry, operation: 'repriced' }, id: 'reprice' }]);
    const next = restarts ? createCommit(ledger, await recentCalls(ledger, inner.entry.startUs)) : commit;
    await next([inner]);
    await next([inner]);
    expect(formatUsd((await ledger.derive(EVERYTHING)).total)).toBe('0.004');
  },
);
