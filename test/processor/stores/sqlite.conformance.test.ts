import { join } from 'node:path';
import { openSqliteLedger } from '../../../processor/stores/sqlite.ts';
import { ledgerConformance } from '../../conformance/ledger.ts';

// Summed up after every few entries, at a time after all of them, so that questions find all of it: days, hours and entries.
const often = { foldAt: 5, restMs: 0, now: () => Date.UTC(2100, 0, 1) * 1000 };

ledgerConformance('SQLite', (folder) => openSqliteLedger({ path: join(folder, 'ledger.db'), ...often }));
