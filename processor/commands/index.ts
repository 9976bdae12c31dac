import type { Command } from 'commander';
import { budgetsCommand } from './budgets.ts';
import { explainCommand } from './explain.ts';
import { pricesCommand } from './prices.ts';
import { queryCommand } from './query.ts';
import { repriceCommand } from './reprice.ts';
import { serveCommand } from './serve.ts';

/** The verbs, in the order of the help. */
export const commands: readonly (() => Command)[] = [
  serveCommand,
  explainCommand,
  queryCommand,
  pricesCommand,
  budgetsCommand,
  repriceCommand,
];
