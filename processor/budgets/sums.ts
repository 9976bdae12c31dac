import type { Micros } from '../../pricing/charge.ts';
import { dimensionNames, type Dimensions, type Ledger } from '../ledger.ts';
import { matchAll } from '../matcher.ts';
import { measureOf } from './measure.ts';
import type { Rule } from './rule.ts';
import type { WorstRates } from './worst-rates.ts';

/** What was spent in some time, of one key and one set of what the rule looks at besides. */
export interface Sum {
  readonly key: string;
  readonly dimensions: Dimensions;
  readonly value: bigint;
  readonly calls: number;
  readonly unpricedCalls: number;
}

/** What a rule looks at of a call. */
export interface RuleView {
  /** Whether a call with these dimensions is of this budget. */
  readonly matches: (dimensions: Dimensions) => boolean;
  /** The `by` values, in the rule's order, and the account's name made of them. */
  readonly keyOf: (dimensions: Dimensions) => { readonly key: string; readonly values: readonly string[] };
  /** The place of the first override that matches; -1 where none does. */
  readonly overrideOf: (dimensions: Dimensions) => number;
  /** What was spent by key and whatever else the rule looks at, from the ledger. */
  readonly read: (ledger: Pick<Ledger, 'costs'>, from: Micros, to: Micros) => Promise<readonly Sum[]>;
}

export function viewOf(rule: Rule, worst?: WorstRates): RuleView {
  const { by, match, overrides, timezone } = rule;
  const matches = matchAll(match);
  const overriding = overrides.map((override) => matchAll(override.match));
  const matched = [...match, ...overrides.flatMap((override) => override.match)].map(({ name }) => name);
  const measured = rule.unpriced === 'worst-case' ? (['provider', 'status'] as const) : [];
  const names = [...new Set([...by, ...matched, ...measured])];
  // Only what every store compares alike; regular expressions are matched here.
  const where = match.filter(({ op }) => op === '=' || op === '!=');
  const { row: measure } = measureOf(rule, worst);
  const keyOf: RuleView['keyOf'] = (dimensions) => {
    const values = by.map((name) => dimensions[name]);
    return { key: keyText(values), values };
  };
  return {
    matches,
    keyOf,
    overrideOf: (dimensions) => overriding.findIndex((overrides) => overrides(dimensions)),
    async read(ledger, from, to) {
      const rows = await ledger.costs({ by: names, where, from, to, timezone });
      return rows.flatMap((row) => {
        const dimensions = { ...noDimensions, ...row.values };
        if (!matches(dimensions)) return [];
        const { calls, unpricedCalls } = row;
        return [{ key: keyOf(dimensions).key, dimensions, value: measure(row), calls, unpricedCalls }];
      });
    },
  };
}

/** The name of the account of a key. */
export function keyText(values: readonly string[]): string {
  const [first = ''] = values;
  return values.length < 2 ? first : JSON.stringify(values);
}

const noDimensions = Object.fromEntries(dimensionNames.map((name) => [name, ''])) as Dimensions;
