import type { Appended, Entry, EntryKey, Ledger } from '../ledger.ts';

export interface Correction {
  readonly of: Omit<EntryKey, 'rev'>;
  /** Undefined: it is no call. */
  readonly replacement: Entry | undefined;
}

/** Others may revise a call at the same time, but not for ever. */
const ATTEMPTS = 5;

/**
 * Takes calls back or replaces them, whatever revisions were made meanwhile (a new price). Done again under the same id it
 * changes nothing. Answers the revisions that it wrote or had written; none for a call that the ledger does not have.
 */
export async function correct(
  ledger: Pick<Ledger, 'adjust' | 'find'>,
  corrections: readonly Correction[],
  id: string,
): Promise<Appended[]> {
  if (corrections.length === 0) return [];
  const answers = await ledger.adjust(
    corrections.map(({ of: { startUs, traceId, spanId }, replacement }) => ({
      of: { startUs, traceId, spanId, rev: 0 },
      replacement,
      id,
    })),
  );
  const revisions: Appended[] = [];
  for (const [index, answer] of answers.entries()) {
    const correction = corrections[index];
    if (answer.status !== 'outdated' || correction === undefined) revisions.push(...answer.revisions);
    else revisions.push(...(await correctNewest(ledger, correction, id)));
  }
  return revisions;
}

async function correctNewest(
  ledger: Pick<Ledger, 'adjust' | 'find'>,
  { of, replacement }: Correction,
  id: string,
): Promise<readonly Appended[]> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const all = (await ledger.find(of.traceId, of.spanId)).filter(({ startUs }) => startUs === of.startUs);
    const done = all.filter(({ adjustment }) => adjustment === id);
    if (done.length > 0) return done.map((entry) => ({ entry, inserted: false }));
    const newest = all.at(-1);
    if (newest === undefined) return [];
    const [answer] = await ledger.adjust([{ of: newest, replacement, id }]);
    if (answer !== undefined && answer.status !== 'outdated') return answer.revisions;
  }
  return [];
}
