/**
 * Cells in columns: the first `texts` columns to the left, figures to the right. Names come from outside: nothing in them
 * may steer a terminal.
 *
 * @example tableText([['model', 'calls'], ['gpt-4o', '12']], 1) // 'model   calls\ngpt-4o     12\n'
 */
export function tableText(lines: readonly (readonly string[])[], texts: number): string {
  const cells = lines.map((line) => line.map((cell, column) => (column < texts ? shownName(cell) : cell)));
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((line) => (line[column] ?? '').length))) ?? [];
  const text = cells.map((line) =>
    line
      .map((cell, column) => (column < texts ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return text.map((line) => `${line}\n`).join('');
}

/** A name as a person may see it: '—' where there is none. */
export function shownName(value: string | undefined): string {
  if (value === undefined || value === '') return '—';
  return value.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\uFFFD');
}
