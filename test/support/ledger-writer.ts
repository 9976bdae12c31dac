/**
 * A process that appends batches of fifty entries for ever and prints how many were acknowledged after each:
 * `node ledger-writer.ts PATH [--until-refused]`. With the option it ends at the first refusal and prints it.
 */
import { SpanledgerError } from '../../processor/errors.ts';
import { openSqliteLedger } from '../../processor/stores/sqlite.ts';
import { makeEntry } from './entries.ts';

const [path = '', mode] = process.argv.slice(2);
// Summed up every few batches, so that it may be stopped within that too.
const ledger = await openSqliteLedger({ path, foldAt: 100, restMs: 0, now: () => Date.UTC(2100, 0, 1) * 1000 });
for (let k = 0; ; k++) {
  try {
    await ledger.append(Array.from({ length: 50 }, (_, i) => makeEntry(k * 50 + i)));
  } catch (error) {
    if (mode !== '--until-refused' || !(error instanceof SpanledgerError)) throw error;
    console.log(`${error.code}: ${error.message}`);
    break;
  }
  console.log(k + 1);
}
