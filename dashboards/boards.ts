import { budgets } from './boards/budgets.ts';
import { chargeback } from './boards/chargeback.ts';
import { customers } from './boards/customers.ts';
import { efficiency } from './boards/efficiency.ts';
import { ledgerBoard } from './boards/ledger.ts';
import { models } from './boards/models.ts';
import { overview } from './boards/overview.ts';
import { quality } from './boards/quality.ts';
import type { BoardSpec } from './panel.ts';

/** All boards. To add one, add a line. */
export const boards: readonly BoardSpec[] = [
  overview,
  budgets,
  customers,
  efficiency,
  models,
  quality,
  chargeback,
  ledgerBoard,
];
