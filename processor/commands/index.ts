import type { Command } from 'commander';
import { backupCommand } from './backup.ts';
import { budgetsCommand } from './budgets.ts';
import { doctorCommand } from './doctor.ts';
import { eraseCommand } from './erase.ts';
import { explainCommand } from './explain.ts';
import { pricesCommand } from './prices.ts';
import { queryCommand } from './query.ts';
import { repriceCommand } from './reprice.ts';
import { revenueCommand } from './revenue.ts';
import { rollupsCommand } from './rollups.ts';
import { serveCommand } from './serve.ts';

/** The verbs, in the order of the help. */
export const commands: readonly (() => Command)[] = [
  serveCommand,
  explainCommand,
  queryCommand,
  pricesCommand,
  budgetsCommand,
  revenueCommand,
  repriceCommand,
  doctorCommand,
  backupCommand,
  rollupsCommand,
  eraseCommand,
];
