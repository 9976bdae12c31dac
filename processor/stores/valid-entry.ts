import { SpanledgerError } from '../errors.ts';
import { formatUsd } from '../../pricing/money.ts';
import type { Unit } from '../../pricing/usage/units.ts';
import { maxAmount, type Adjustment, type Entry } from '../ledger.ts';

const TRACE = /^[0-9a-f]{32}$/;
const wholeNumbers = ['startUs', 'durationUs', 'rev', 'attempts'] as const;
const SPAN = /^[0-9a-f]{16}$/;

/** What a ledger takes in: `rev` 0. What corrects it goes through `adjust`, so that nothing is taken back twice. */
export function requireCalls(entries: readonly Entry[]): void {
  for (const entry of entries) {
    requireValid(entry);
    if (entry.rev !== 0)
      throw new SpanledgerError(
        'entry_refused',
        `trace "${entry.traceId}" span "${entry.spanId}": rev is ${entry.rev}; corrections are adjustments of the ledger`,
      );
  }
}

/** Everything that `adjust` writes. */
export function requireAdjustments(adjustments: readonly Adjustment[]): void {
  for (const { of, replacement, id } of adjustments) {
    if (id === '')
      throw new SpanledgerError('entry_refused', `trace "${of.traceId}" span "${of.spanId}": no adjustment id`);
    if (replacement === undefined) continue;
    requireValid(replacement);
    if (replacement.startUs === of.startUs && replacement.traceId === of.traceId && replacement.spanId === of.spanId)
      continue;
    throw new SpanledgerError(
      'entry_refused',
      `trace "${of.traceId}" span "${of.spanId}": its replacement has another start or other ids`,
    );
  }
}

/**
 * The ledger's own last check: what can't be kept exactly, or does not add up, is refused before anything is written.
 *
 * @throws SpanledgerError `entry_refused` that names the entry and what is wrong
 */
export function requireValid(entry: Entry): void {
  const problem = problemOf(entry);
  if (problem !== undefined)
    throw new SpanledgerError('entry_refused', `trace "${entry.traceId}" span "${entry.spanId}": ${problem}`);
}

function problemOf(entry: Entry): string | undefined {
  if (!TRACE.test(entry.traceId)) return 'the trace id is not 32 lower-case hex digits';
  if (!SPAN.test(entry.spanId)) return 'the span id is not 16 lower-case hex digits';
  for (const name of wholeNumbers)
    if (!Number.isSafeInteger(entry[name])) return `${name} is ${entry[name]}, not a whole number below 2^53`;
  if (entry.rev < 0) return `rev is negative (${entry.rev})`;
  for (const unit in entry.counts) {
    const count = entry.counts[unit as Unit] ?? 0;
    if (!Number.isSafeInteger(count) || count < 0) return `${unit} is ${count}, not a whole number from 0 to 2^53`;
  }
  if (entry.dimensions.status !== entry.charge.status)
    return `the charge is ${entry.charge.status}, the dimension "status" says "${entry.dimensions.status}"`;
  if (entry.charge.status === 'unpriced') return undefined;
  const { amount, lines } = entry.charge;
  if (amount > maxAmount || amount < -maxAmount)
    return `a charge of ${formatUsd(amount)} USD is beyond ${formatUsd(maxAmount)} USD, the most that the ledger keeps`;
  const [only] = lines;
  let sum = only?.amount ?? 0n;
  for (let index = 1; index < lines.length; index++) sum += lines[index]?.amount ?? 0n;
  return sum === amount ? undefined : `lines sum to ${formatUsd(sum)} USD, the charge says ${formatUsd(amount)} USD`;
}
