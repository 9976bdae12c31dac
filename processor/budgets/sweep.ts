import type { Micros } from '../../pricing/charge.ts';

/** How often the clock is looked at where no group of budgets says so. */
export const SWEEP_US: Micros = 15_000_000;
