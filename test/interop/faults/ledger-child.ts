/**
 * Opens a ledger, says so, gives up hours and entries between commits, and appends on and on: to be killed.
 * `node ledger-child.ts PATH [--retain]`.
 */
import { openSqliteLedger } from '../../../processor/stores/sqlite.ts';
import { makeEntry, NOVEMBER } from '../../support/entries.ts';

const DAY = 86_400_000_000;
const [path = '', mode] = process.argv.slice(2);
const retention = mode === '--retain' ? { hours: { us: DAY }, entries: { us: 370 * DAY } } : undefined;
const ledger = await openSqliteLedger({ path, foldAt: 500, restMs: 0, retention, now: () => NOVEMBER + 400 * DAY });
console.log('open');
for (let k = 0; ; k++) {
  await ledger.append(Array.from({ length: 50 }, (_, i) => makeEntry(900_000 + k * 50 + i)));
  console.log(k + 1);
}
