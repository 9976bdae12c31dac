import type { Micros } from '../../pricing/charge.ts';
import type { DimensionName, Matcher } from '../ledger.ts';
import type { PeriodKind } from './period.ts';
import type { Amount, Level, Share } from './quantity.ts';
import type { Template } from './template.ts';
import type { Notify } from './notify/settings.ts';
import type { Trend } from './trend.ts';
import type { TimeInterval } from './time-interval.ts';

/** One `budget:` of budgets.yaml: an amount for every combination of the `by` labels, in every period. */
export interface Rule {
  /** Unique in the file. */
  readonly budget: string;
  readonly group: string;
  /** The group's labels and its own, added to every alert. */
  readonly labels: Readonly<Record<string, string>>;
  /** How often the clock is looked at. */
  readonly intervalUs: Micros;
  readonly match: readonly Matcher[];
  readonly by: readonly DimensionName[];
  /** Its value is 0 where it is a share of revenue: the terms of an account have it. */
  readonly amount: Amount;
  /** The amount as a share of what the customer pays in the period; undefined: `amount` says it. */
  readonly ofRevenue: Share | undefined;
  /** The first that matches a call of a key in the period sets the key's amount. */
  readonly overrides: readonly Override[];
  readonly period: PeriodKind | Rolling;
  /** Undefined: a budget. Else its amount is the floor, its period the window. */
  readonly trend: Trend | undefined;
  /** IANA name. */
  readonly timezone: string;
  /** The day of the month, or the weekday (0 for Sunday), at which the period begins; undefined: as on the calendar. */
  readonly anchor: number | undefined;
  readonly thresholds: readonly Threshold[];
  /** Keys with an account of their own in a period; the rest share one named `other`. */
  readonly maxKeys: number;
  /** How long spend must be below a threshold before its alert is resolved. */
  readonly keepFiringUs: Micros;
  readonly annotations: Readonly<Record<string, Template>>;
  /** When, and for whose calls, actions are held back. All that match apply. */
  readonly actionWindows: readonly ActionWindow[];
  /** What a guard that has heard nothing of the processor does with calls of this budget. */
  readonly failMode: FailMode;
  /** What becomes of calls without a price, which no budget in USD can count. */
  readonly unpriced: UnpricedPolicy;
}

/**
 * All but `ignore` are told. `worst-case`: they count at the dearest rates of their provider. `block`: guards refuse calls
 * of models without a price.
 */
export const unpricedPolicies = ['alert', 'worst-case', 'block', 'ignore'] as const;
export type UnpricedPolicy = (typeof unpricedPolicies)[number];

export const failModes = ['open', 'closed'] as const;
export type FailMode = (typeof failModes)[number];

/** What applications with a guard do with the calls of a key that has reached a threshold. */
export type Action =
  /** Another model, never a dearer one. */
  | { readonly kind: 'throttle'; readonly to: string }
  /** No call. `message` is for people; undefined: the guard's own words. `lease`: no guard spends what another may spend. */
  | { readonly kind: 'cap'; readonly message: string | undefined; readonly lease: boolean };

/** From the mildest to the strictest; `alert` stands for no action. */
export const strictness = ['alert', 'throttle', 'cap'] as const;

export interface ActionWindow {
  /** Of the call; none: all calls of the budget. */
  readonly match: readonly Matcher[];
  readonly interval: TimeInterval;
  /** The strictest action that may hold meanwhile. */
  readonly maxAction: Exclude<(typeof strictness)[number], 'cap'>;
}

/** Whether its terms depend on what customers pay. */
export function needsRevenue({ ofRevenue, overrides, thresholds }: Rule): boolean {
  return (
    ofRevenue !== undefined ||
    overrides.some((override) => override.ofRevenue !== undefined) ||
    thresholds.some(({ basis }) => basis === 'margin')
  );
}

/** The time right before now, as in `rolling 24h`. */
export type Rolling = `rolling ${string}`;

export function isRolling(period: Rule['period']): period is Rolling {
  return period.startsWith('rolling ');
}

export interface Override {
  readonly match: readonly Matcher[];
  readonly amount: Amount;
  readonly ofRevenue: Share | undefined;
}

export interface Threshold {
  /**
   * What is measured against the level: what was spent so far, what will have been by the end of the period, what was
   * spent of the revenue (or of the share of it that is the amount), or by how much more than before.
   */
  readonly basis: 'actual' | 'forecast' | 'margin' | Trend['kind'];
  readonly at: Level;
  /** How the level is written in alerts and keys: `70%`, `35 USD`; however the file spells it. */
  readonly label: string;
  readonly severity: string;
  /** How long it must hold before it is told. */
  readonly forUs: Micros;
  /** Undefined: it only tells. */
  readonly action: Action | undefined;
}

/** What tells a threshold of a budget from its others: `70%`, `forecast 100%`. */
export function thresholdId({ basis, label }: Threshold): string {
  return basis === 'actual' ? label : `${basis} ${label}`;
}

export interface BudgetsFile {
  readonly rules: readonly Rule[];
  /** Without it crossings are remembered, logged and shown. */
  readonly notify: Notify | undefined;
}
