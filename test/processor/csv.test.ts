import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { readCsv } from '../../processor/csv.ts';

it('reads quoted fields, any line ends, and a byte-order mark', () => {
  const text = '\uFEFFa, b ,c\r\n"x, ""y""\nz",2,\n\n\r\nlast,,"" \n';
  expect(() => readCsv(text)).toThrow('line 6: a quote is not closed, or something follows it');
  expect(readCsv(text.replace('"" \n', '""'))).toEqual([
    { line: 1, fields: ['a', 'b', 'c'] },
    { line: 2, fields: ['x, "y"\nz', '2', ''] },
    { line: 6, fields: ['last', '', ''] },
  ]);
  expect(readCsv('')).toEqual([]);
  expect(() => readCsv('a\n"b')).toThrow('line 2');
});

it('reads back whatever is written with quotes', () => {
  const field = fc.string({ unit: fc.constantFrom('a', ' ', ',', '"', '\n', '\r', 'é'), maxLength: 5 });
  fc.assert(
    fc.property(fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 5 }), (rows) => {
      const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
      const text = rows.map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
      expect(readCsv(text).map(({ fields }) => fields)).toEqual(rows);
    }),
  );
});
