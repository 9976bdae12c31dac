import { readLevel, type Share } from './quantity.ts';
import { isRolling, type Rule } from './rule.ts';
import type { Fields, Place, YamlReader } from './yaml.ts';

/** Reads 30 or 30%, of revenue. Throws a RangeError for anything else. */
export function readPercent(text: string): Share {
  if (!/^\d+(\.\d+)?\s*%?$/.test(text)) throw new RangeError(`"${text}" is not a percentage such as 30`);
  const level = readLevel(text.endsWith('%') ? text : `${text}%`);
  if (level.kind === 'share') return level;
  throw new RangeError(`"${text}" is not a percentage such as 30`);
}

/** Revenue is known by customer and month: notes what a budget that needs it asks for besides. */
export function checkRevenue(
  yaml: YamlReader,
  place: Place,
  fields: Fields,
  rule: Pick<Rule, 'ofRevenue' | 'overrides' | 'thresholds' | 'by' | 'match'> & { period: Rule['period'] | undefined },
): void {
  const { ofRevenue, overrides, thresholds, by, match, period } = rule;
  const margin = thresholds.some(({ basis }) => basis === 'margin');
  if (ofRevenue === undefined && !margin && overrides.every((each) => each.ofRevenue === undefined)) return;
  const at = (key: string): Place => {
    const field = fields.get(key);
    return field === undefined ? place : { ...field, offset: field.keyOffset };
  };
  if (by.length > 0 && (by.length > 1 || by[0] !== 'customer_id'))
    yaml.wrong(at('by'), 'revenue is known by customer: write [customer_id], or leave it out');
  if (by.length === 0 && match.length > 0)
    yaml.wrong(at('match'), 'revenue is known by customer: add by: [customer_id], or leave it out');
  if (period !== undefined && (isRolling(period) || !['month', 'quarter', 'year'].includes(period)))
    yaml.wrong(at('period'), 'revenue is known by month: write month, quarter or year');
}
