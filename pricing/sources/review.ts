/**
 * Every disagreement between our cards and another list, with both figures and a decision. A rule decides where the other
 * lists themselves tell who is right; the rest is decided by hand in `decisions.ts`, and is open until it is.
 */
import { matches } from '../pattern.ts';
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
    return [{ model: first.model, unit: first.unit, ours: first.ours, others, agree, ...decide(first, group, agree) }];
  });
  return rows.toSorted((a, b) => (a.model + a.unit < b.model + b.unit ? -1 : 1));
}

function decide(
  { model, unit, ours }: Observation,
  group: readonly Observation[],
  agree: readonly string[],
): Pick<ReviewRow, 'decision' | 'why'> {
  const differing = group.filter(({ theirs }) => ours !== theirs);
  const byHand = decisions.find((made) => matches([made.model], model) && (made.unit ?? unit) === unit);
  if (byHand !== undefined) return { decision: 'keep', why: byHand.why };
  const [against] = agreedAgainst(group);
  if (against !== undefined) return { decision: 'open', why: against };
  if (agree.length > 0) return { decision: 'keep', why: `${agree.join(' and ')} say ${ours} too` };
  const lists = new Set(differing.map(({ list }) => list));
  if (group.some(({ oneList }) => oneList) && differing.some(({ theirs }) => isFar(ours, theirs)))
    return { decision: 'open', why: 'only LiteLLM says what we say, and another list something quite different' };
  if (differing.every(({ theirs }) => isRounded(ours, theirs)))
    return { decision: 'keep', why: 'the same figure with fewer digits' };
  if (lists.size === 1)
    return group.some(({ oneList }) => oneList)
      ? { decision: 'keep', why: "one list alone, older than LiteLLM's, which is ours here" }
      : { decision: 'keep', why: 'one list alone, older than the check of our source' };
  return { decision: 'keep', why: 'the other lists contradict one another' };
}

/**
 * Names of which two lists say the same and none says what we say. By name, because one card answers to several: that a list
 * agrees on one of them says nothing of another.
 */
function agreedAgainst(group: readonly Observation[]): string[] {
  return [...Map.groupBy(group, ({ key }) => key.toLowerCase().replace(/^.*\//, ''))].flatMap(([name, said]) => {
    const lists = [...new Set(said.map(({ list }) => list))];
    const [first] = said;
    const same = said.every(({ theirs }) => theirs === first?.theirs);
    if (first === undefined || !same || lists.length < 2 || isRounded(first.ours, first.theirs)) return [];
    return [`${lists.join(' and ')} agree on ${first.theirs} for "${name}" against us`];
  });
}

function isRounded(ours: string, theirs: string): boolean {
  return Math.abs(Number(ours) - Number(theirs)) <= Number(ours) * 0.005;
}

/** So far apart that it is another price, not an older one. */
function isFar(ours: string, theirs: string): boolean {
  const ratio = Number(theirs) / Number(ours);
  return ratio >= 1.5 || ratio <= 1 / 1.5;
}

/** JSON lines: one row a line. */
export function formatReview(rows: readonly ReviewRow[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
