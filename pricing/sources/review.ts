/**
 * Every disagreement between our cards and another list, with both figures and a decision. A rule decides where the other
 * lists themselves tell who is right; the rest is decided by hand in `decisions.ts`, and is open until it is.
 */
import { decisions } from './decisions.ts';
import type { Observation } from './cross-check.ts';
import type { Unit } from '../usage/units.ts';

export interface ReviewRow {
  readonly model: string;
  readonly unit: Unit;
  readonly ours: string;
  /** What the lists that differ say, `list:name` to figure. */
  readonly others: Readonly<Record<string, string>>;
  /** The lists that say what we say. */
  readonly agree: readonly string[];
  readonly decision: 'keep' | 'open';
  readonly why: string;
}

/** One row for each unit of a model that a list prices otherwise, in the order of the names. */
export function review(observations: readonly Observation[]): ReviewRow[] {
  const groups = Map.groupBy(observations, ({ model, unit }) => `${model} ${unit}`);
  const rows = [...groups.values()].flatMap((group): ReviewRow[] => {
    const [first] = group;
    const differing = group.filter(({ ours, theirs }) => ours !== theirs);
    if (first === undefined || differing.length === 0) return [];
    const agree = [...new Set(group.filter(({ ours, theirs }) => ours === theirs).map(({ list }) => list))];
    const others = Object.fromEntries(differing.map(({ list, key, theirs }) => [`${list}:${key}`, theirs]));
    return [
      { model: first.model, unit: first.unit, ours: first.ours, others, agree, ...decide(first, differing, agree) },
    ];
  });
  return rows.toSorted((a, b) => (a.model + a.unit < b.model + b.unit ? -1 : 1));
}

function decide(
  { model, unit, ours }: Observation,
  differing: readonly Observation[],
  agree: readonly string[],
): Pick<ReviewRow, 'decision' | 'why'> {
  const byHand = decisions.find((made) => made.model === model && (made.unit ?? unit) === unit);
  if (byHand !== undefined) return { decision: 'keep', why: byHand.why };
  if (agree.length > 0) return { decision: 'keep', why: `${agree.join(' and ')} say ${ours} too` };
  const lists = new Set(differing.map(({ list }) => list));
  const figures = new Set(differing.map(({ theirs }) => theirs));
  if (differing.every(({ theirs }) => isRounded(ours, theirs)))
    return { decision: 'keep', why: 'the same figure with fewer digits' };
  if (lists.size === 1) return { decision: 'keep', why: 'one list alone, older than the check of our source' };
  if (figures.size > 1) return { decision: 'keep', why: 'the other lists contradict one another' };
  return { decision: 'open', why: `${[...lists].join(' and ')} agree against us` };
}

function isRounded(ours: string, theirs: string): boolean {
  return Math.abs(Number(ours) - Number(theirs)) <= Number(ours) * 0.005;
}

/** JSON lines: one row a line. */
export function formatReview(rows: readonly ReviewRow[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
