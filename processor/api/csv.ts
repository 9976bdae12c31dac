const SPECIAL = /[",\r\n]/;
/** What a spreadsheet would run as a formula (https://owasp.org/www-community/attacks/CSV_Injection). */
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^-?\d+(\.\d+)?$/;

/**
 * RFC 4180 with a header. A text that a spreadsheet would take for a formula gets an apostrophe before it: names of
 * customers come from outside.
 *
 * @example csvOf(['feature', 'cost_usd'], [{ feature: 'chat', cost_usd: '7.2' }]) // 'feature,cost_usd\r\nchat,7.2\r\n'
 */
export function csvOf(columns: readonly string[], rows: readonly object[]): string {
  const lines = rows.map((row) => columns.map((column) => cell((row as Record<string, unknown>)[column])).join(','));
  return [columns.join(','), ...lines].map((line) => `${line}\r\n`).join('');
}

function cell(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return '';
  const safe = FORMULA.test(value) && !NUMBER.test(value) ? `'${value}` : value;
  return SPECIAL.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
