/** The demo's figures as text, and the comparison that decides how it exits. Pure. */
import { displayUsd, formatUsd, parseUsd, type FemtoUsd } from '../pricing/money.ts';

export interface CostLine {
  readonly name: string;
  readonly calls: number;
  readonly cost: FemtoUsd;
}

/**
 * A cost table with each line's share of the total, in the order given.
 *
 * @example
 * costTable('feature', [{ name: 'summarizer', calls: 1000, cost: parseUsd('14') }])
 * // feature     calls    cost  share
 * // summarizer  1,000  $14.00  100 %
 */
export function costTable(title: string, lines: readonly CostLine[]): string {
  const total = lines.reduce((sum, { cost }) => sum + cost, 0n);
  const calls = lines.reduce((sum, line) => sum + line.calls, 0);
  const row = ({ name, calls, cost }: CostLine): readonly string[] => [
    name,
    calls.toLocaleString('en-US'),
    displayUsd(cost),
    total === 0n ? '—' : `${percent(cost, total)} %`,
  ];
  return columns('lrrr', [
    [title, 'calls', 'cost', 'share'],
    ...lines.map(row),
    ['total', calls.toLocaleString('en-US'), displayUsd(total), ''],
  ]);
}

/** Whole percent, rounded half up. */
function percent(part: FemtoUsd, whole: FemtoUsd): string {
  return ((part * 200n + whole) / (whole * 2n)).toString();
}

/**
 * Pads to columns, two spaces apart: `l` to the left, `r` to the right.
 *
 * @example columns('lr', [['a', '1'], ['bcd', '12']]) // 'a     1\nbcd  12'
 */
export function columns(sides: string, rows: readonly (readonly string[])[]): string {
  const widths = Array.from(sides, (_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const pad = (cell: string, at: number): string =>
    sides[at] === 'r' ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0);
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

export interface Verdict {
  readonly line: string;
  /** Reported minus expected. */
  readonly difference: FemtoUsd;
}

/**
 * The demo's last word. `reported` is the processor's decimal string, `null` where it has no figure.
 *
 * @example compare('32.13', parseUsd('32')).line // 'reported $32.13 · expected $32 · difference $0.13'
 */
export function compare(reported: string | null, expected: FemtoUsd): Verdict {
  const amount = parseUsd(reported ?? '0');
  const difference = amount - expected;
  const shown = difference === 0n ? '0' : `${difference < 0n ? '−' : ''}$${formatUsd(abs(difference))}`;
  const said = reported === null ? 'nothing' : `$${formatUsd(amount)}`;
  return { line: `reported ${said} · expected $${formatUsd(expected)} · difference ${shown}`, difference };
}

function abs(amount: FemtoUsd): FemtoUsd {
  return amount < 0n ? -amount : amount;
}
