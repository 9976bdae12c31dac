import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { faults, rowsOf } from '../interop/faults/report.ts';

it('docs/faults.md has a row of counts for every fault, and none was lost or counted twice in any', () => {
  const rows = rowsOf(readFileSync(join(import.meta.dirname, '../../docs/faults.md'), 'utf8'));
  expect(rows.map((row) => row.split(' | ')[0]?.slice(2))).toEqual(faults);
  for (const row of rows) {
    const [, sent, acknowledged, inLedger] = row.split(' | ');
    expect([row, acknowledged, inLedger]).toEqual([row, sent, sent]);
  }
});
