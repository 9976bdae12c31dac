import { settlingConformance } from '../../conformance/settling.ts';
import { temporaryLedger } from '../../support/ledger.ts';

settlingConformance('SQLite', async () => [await temporaryLedger()], 60);
