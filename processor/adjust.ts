import { signOf, type Adjustment, type Entry } from './ledger.ts';

/**
 * The revisions that an adjustment adds: one that takes back the current one, unless that takes back itself, then the
 * replacement. Both under the adjustment's id; none where there is nothing to take back and nothing to add.
 *
 * @example revisionsOf(entry, { of: entry, replacement: { ...entry, charge }, id: 'reprice 1' }).map(({ rev }) => rev) // [1, 2]
 */
export function revisionsOf(current: Entry, { replacement, id }: Adjustment): Entry[] {
  const counts = signOf(current) === 1;
  const rev = current.rev + 1;
  const revisions: Entry[] = counts ? [{ ...current, rev, adjustment: id }] : [];
  if (replacement !== undefined) revisions.push({ ...replacement, rev: counts ? rev + 1 : rev, adjustment: id });
  return revisions;
}
