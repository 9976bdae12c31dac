/** A record of a CSV file, and the line in which it begins. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * Reads CSV (RFC 4180): quoted fields may hold commas, quotes (doubled) and line ends. Lines without anything are left out,
 * a byte-order mark is too. Throws a RangeError with the line where a quote is not closed or something follows it.
 *
 * @example readCsv('a,b\n"x, y",2\n') // [{ line: 1, fields: ['a', 'b'] }, { line: 2, fields: ['x, y', '2'] }]
 */
export function readCsv(text: string): readonly CsvRecord[] {
  const records: CsvRecord[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|\r|$)/y;
  pattern.lastIndex = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  let fields: string[] = [];
  let begun = line;
  while (pattern.lastIndex <= text.length) {
    const from = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) throw new RangeError(`line ${line}: a quote is not closed, or something follows it`);
    const [whole, quoted, plain = '', end = ''] = match;
    fields.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'));
    line += whole.match(/\r\n|\r|\n/g)?.length ?? 0;
    if (end === ',') continue;
    if (fields.length > 1 || fields[0] !== '') records.push({ line: begun, fields });
    [fields, begun] = [[], line];
    if (end === '' || from >= text.length) break;
  }
  return records;
}
