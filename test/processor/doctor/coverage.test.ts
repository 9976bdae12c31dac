import { expect, it, onTestFinished } from 'vitest';
import { join } from 'node:path';
import { inspectCoverage } from '../../../processor/doctor/coverage.ts';
import { openSqliteLedger } from '../../../processor/stores/sqlite.ts';
import { makeEntry, NOVEMBER } from '../../support/entries.ts';
import { temporaryFolder } from '../../support/ledger.ts';

it('says how many calls are tagged, and in which service the fewest are', async () => {
  const ledger = await openSqliteLedger({ path: join(temporaryFolder(), 'ledger.db') });
  onTestFinished(() => ledger.close());
  await ledger.append(
    Array.from({ length: 40 }, (_, n) =>
      makeEntry(n, {
        startUs: NOVEMBER + n,
        dimensions: {
          customer_id: n < 37 ? 'acme' : '',
          feature: n % 2 === 0 ? 'chat' : '',
          service: n < 30 ? 'web' : 'worker',
        },
      }),
    ),
  );
  const found: unknown[] = [];
  for await (const { state, detail } of inspectCoverage(ledger, NOVEMBER + 3_600_000_000)) found.push([state, detail]);
  expect(found).toEqual([
    ['ok', '92 % of the 40 calls of seven days have a customer_id, 70 % of service "worker"'],
    [
      'warning',
      expect.stringMatching(
        /^50 % of the 40 calls of seven days have a feature, 50 % of service "w.*": set it with withTags/,
      ),
    ],
  ]);
  const later: string[] = [];
  for await (const { detail } of inspectCoverage(ledger, NOVEMBER + 40 * 86_400_000_000)) later.push(detail);
  expect(later).toEqual(['no calls in the last seven days']);
});
