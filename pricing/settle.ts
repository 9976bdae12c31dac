/**
 * What a contract adds to a period as a whole: discounts by volume, and commitments with what was not used of them. These
 * are lines of the period, never part of a call: a call's price must not depend on the calls after it.
 */
import { parseUsd, roundUsd, type FemtoUsd } from './money.ts';
import { matches } from './pattern.ts';

/** An amount that was agreed to be spent in each period. */
export interface Commitment {
  readonly name: string;
  readonly provider: string;
  /** Patterns of models; all where it is missing. */
  readonly models?: readonly string[];
  readonly amount: FemtoUsd;
  readonly period: 'month' | 'year';
  /** First and last month, ISO, the last included. */
  readonly from: string;
  readonly until: string;
  /** Hundredths of a percent off what draws on the commitment, and off what goes beyond it. */
  readonly off: bigint;
  readonly overageOff: bigint;
}

/** A discount on the part of a period's spend above each step; the parts below keep theirs. */
export interface VolumeDiscount {
  readonly name: string;
  readonly provider: string;
  readonly models?: readonly string[];
  readonly period: 'month' | 'year';
  /** Ascending. */
  readonly steps: readonly { readonly above: FemtoUsd; readonly off: bigint }[];
}

/** What was spent in a month by the prices of single calls. */
export interface MonthSpend {
  /** `2026-11`. */
  readonly month: string;
  readonly provider: string;
  readonly model: string;
  readonly amount: FemtoUsd;
}

export interface SettlementLine {
  readonly kind: 'volume_discount' | 'commitment_discount' | 'overage_discount' | 'unused_commitment';
  readonly name: string;
  /** `2026-11` or `2026`. */
  readonly period: string;
  /** Negative where it lowers the bill; rounded half-even to cents, once, as an invoice line is. */
  readonly amount: FemtoUsd;
}

export interface Terms {
  readonly commitments: readonly Commitment[];
  readonly volumes: readonly VolumeDiscount[];
}

/**
 * The lines of the months given, volume first, for a commitment draws on what is left. Years are settled on the months of
 * them that are given.
 *
 * @example settle({ commitments: [{ amount: parseUsd('1000'), off: 1000n, … }], volumes: [] }, november)
 * // spend 600: [{ kind: 'commitment_discount', amount: -60 }, { kind: 'unused_commitment', amount: 460 }]
 */
export function settle({ commitments, volumes }: Terms, spend: readonly MonthSpend[]): SettlementLine[] {
  const lines: SettlementLine[] = [];
  const add = (kind: SettlementLine['kind'], name: string, period: string, amount: FemtoUsd): void => {
    const rounded = roundUsd(amount, 2);
    if (rounded !== 0n) lines.push({ kind, name, period, amount: rounded });
  };
  const saved = new Map<string, FemtoUsd>();
  for (const volume of volumes)
    for (const [period, total] of totals(spend, volume)) {
      const discount = stepped(total, volume.steps);
      add('volume_discount', volume.name, period, -discount);
      const key = `${volume.provider} ${period}`;
      saved.set(key, (saved.get(key) ?? 0n) + discount);
    }
  for (const commitment of commitments) {
    const drawn = totals(spend, commitment);
    for (const period of periodsOf(commitment, spend)) {
      const spent = (drawn.get(period) ?? 0n) - (saved.get(`${commitment.provider} ${period}`) ?? 0n);
      for (const { kind, amount } of settleCommitment(commitment, spent)) add(kind, commitment.name, period, amount);
    }
  }
  return lines;
}

const FULL = 10_000n;

function settleCommitment(
  { amount, off, overageOff }: Commitment,
  spent: FemtoUsd,
): { kind: SettlementLine['kind']; amount: FemtoUsd }[] {
  const reduced = (spent * (FULL - off)) / FULL;
  if (reduced <= amount)
    return [
      { kind: 'commitment_discount', amount: reduced - spent },
      { kind: 'unused_commitment', amount: amount - reduced },
    ];
  // What the commitment pays for at its discount; the rest is overage.
  const covered = (amount * FULL) / (FULL - off);
  return [
    { kind: 'commitment_discount', amount: amount - covered },
    { kind: 'overage_discount', amount: -((spent - covered) * overageOff) / FULL },
  ];
}

function stepped(total: FemtoUsd, steps: VolumeDiscount['steps']): FemtoUsd {
  let discount = 0n;
  for (const [index, { above, off }] of steps.entries()) {
    const end = steps[index + 1]?.above ?? total;
    const part = (total < end ? total : end) - above;
    if (part > 0n) discount += (part * off) / FULL;
  }
  return discount;
}

interface Scope {
  readonly provider: string;
  readonly models?: readonly string[];
  readonly period: 'month' | 'year';
}

function totals(spend: readonly MonthSpend[], { provider, models, period }: Scope): Map<string, FemtoUsd> {
  const sums = new Map<string, FemtoUsd>();
  for (const row of spend) {
    if (row.provider !== provider || (models !== undefined && !matches(models, row.model))) continue;
    const key = period === 'year' ? row.month.slice(0, 4) : row.month;
    sums.set(key, (sums.get(key) ?? 0n) + row.amount);
  }
  return sums;
}

/** Periods of the commitment that the months given belong to: a month without any call still has its unused commitment. */
function periodsOf({ period, from, until }: Commitment, spend: readonly MonthSpend[]): string[] {
  const months = new Set(spend.map(({ month }) => month).filter((month) => from <= month && month <= until));
  return [...new Set([...months].map((month) => (period === 'year' ? month.slice(0, 4) : month)))].toSorted();
}

/** @example percentOff('12.5') // 1250n */
export function percentOff(text: string): bigint {
  const off = parseUsd(text) / (parseUsd('1') / 100n);
  if (off < 0n || off > FULL || parseUsd(text) % (parseUsd('1') / 100n) !== 0n)
    throw new RangeError(`"${text}" is not a percentage from 0 to 100 with at most two decimals`);
  return off;
}
