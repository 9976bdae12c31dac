import { join } from 'node:path';
import { openSqliteLedger } from '../../../processor/stores/sqlite.ts';
import { ledgerConformance } from '../../conformance/ledger.ts';

ledgerConformance('SQLite', (folder) => openSqliteLedger({ path: join(folder, 'ledger.db') }));
