/** What is doubtful about a catalog: its age, gaps between cards, disagreements that nobody has decided. */
import { cardId, formatInstant, type Catalog, type RateCard } from './catalog.ts';
import type { Micros } from './charge.ts';

/** A catalog whose newest check is longer ago is stale: a word in the log, on the page, an alert. */
export const STALE_DAYS = 90;

export interface Finding {
  /** A `problem` can make a wrong charge or none; a `note` is for information. */
  readonly severity: 'problem' | 'note';
  readonly what: string;
}

export interface AuditOptions {
  readonly now: Micros;
  /** A catalog whose newest check is longer ago than this is stale. */
  readonly maxAgeDays: number;
  /** Rows of the review that are still open, `model unit: why`. */
  readonly open: readonly string[];
}

/** Pure. @example auditCatalog(catalog, { now, maxAgeDays: 90, open: [] }).length // 0 */
export function auditCatalog(catalog: Catalog, { now, maxAgeDays, open }: AuditOptions): Finding[] {
  const findings: Finding[] = [];
  const age = ageDays(catalog.checked, now);
  if (age > maxAgeDays)
    findings.push({
      severity: 'problem',
      what: `the newest check was ${age} days ago (${catalog.checked}), more than ${maxAgeDays}`,
    });
  for (const { provider, models } of catalog.providers)
    for (const { model, cards } of models) {
      for (const what of gaps(cards)) findings.push({ severity: 'problem', what: `${provider}/${model}: ${what}` });
      for (const card of cards.filter(isAllZero))
        if (!model.endsWith(':free'))
          findings.push({ severity: 'problem', what: `${cardId(provider, model, card)}: every rate is 0` });
    }
  for (const row of open) findings.push({ severity: 'problem', what: `undecided: ${row}` });
  return findings;
}

/** Whole days from an ISO day to an instant. */
export function ageDays(day: string, now: Micros): number {
  return Math.floor((now / 1000 - Date.parse(day)) / 86_400_000);
}

/** Plain cards of one tier and region should follow one another: a hole between two leaves calls without a price. */
function gaps(cards: readonly RateCard[]): string[] {
  const plain = cards.filter(
    ({ schedule, aboveInputTokens }) => schedule === undefined && aboveInputTokens === undefined,
  );
  const groups = Map.groupBy(plain, ({ tier, region }) => `${tier}${region === undefined ? '' : ` in ${region}`}`);
  return [...groups].flatMap(([name, group]) => {
    const sorted = group.toSorted((a, b) => (a.from ?? -Infinity) - (b.from ?? -Infinity));
    return sorted.slice(1).flatMap((card, index) => {
      const end = sorted[index]?.until;
      return end === undefined || card.from === undefined || end >= card.from
        ? []
        : [`no ${name} price from ${formatInstant(end)} to ${formatInstant(card.from)}`];
    });
  });
}

function isAllZero({ rates }: RateCard): boolean {
  return Object.values(rates).every((rate) => rate === 0n);
}
