import { displayUsd } from '../pricing/money.ts';
import { inputTokens, outputTokens } from '../pricing/usage/usage.ts';
import type { Appended, Entry } from './ledger.ts';

/** How many of the first calls are printed, in all and a second: enough to see that it works, too few to be a log. */
const FIRST = 20;
const A_SECOND = 5;

/**
 * Prints a line for each of the first calls, so that whoever connects an application sees at once that it arrived and
 * whose it is.
 */
export function announcer(
  print: (line: string) => void,
  now: () => number = Date.now,
): (appended: readonly Appended[]) => void {
  let left = FIRST;
  let second = 0;
  let printed = 0;
  return (appended) => {
    for (const { entry, inserted } of appended) {
      if (left === 0) return;
      const current = Math.floor(now() / 1000);
      if (current !== second) [second, printed] = [current, 0];
      if (!inserted || printed >= A_SECOND) continue;
      printed++;
      left--;
      print(callLine(entry));
      if (left === 0) print(`… that were the first ${FIRST} calls; the page has them all`);
    }
  };
}

/** @example callLine(entry) // 'gpt-4o 1,250/340 $0.006525 customer=—' */
export function callLine({ dimensions, counts, charge }: Entry): string {
  const tokens = `${grouped(inputTokens(counts))}/${grouped(outputTokens(counts))}`;
  const cost = charge.status === 'priced' ? displayUsd(charge.amount) : `unpriced (${charge.reason})`;
  return `${plain(dimensions.model)} ${tokens} ${cost} customer=${plain(dimensions.customer_id)}`;
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** A stranger's text must not move the cursor of somebody's terminal. */
function plain(text: string): string {
  return text === '' ? '—' : text.replace(/\p{C}/gu, '?').slice(0, 80);
}
