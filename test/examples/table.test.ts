import { expect, test } from 'vitest';
import { compare, costTable } from '../../examples/table.ts';
import { parseUsd } from '../../pricing/money.ts';

test('a table with shares', () => {
  const lines = [
    { name: 'summarizer', calls: 1000, cost: parseUsd('14') },
    { name: 'chatbot', calls: 12, cost: parseUsd('7.2') },
    { name: 'admin', calls: 1, cost: parseUsd('0.006525') },
  ];
  expect(costTable('feature', lines)).toBe(
    [
      'feature     calls       cost  share',
      'summarizer  1,000     $14.00   66 %',
      'chatbot        12      $7.20   34 %',
      'admin           1  $0.006525    0 %',
      'total       1,013     $21.21',
    ].join('\n'),
  );
});

test('nothing spent has no shares', () => {
  expect(costTable('feature', [{ name: 'a', calls: 2, cost: 0n }])).toContain('—');
});

test.each([
  ['32', '32', 'reported $32 · expected $32 · difference 0'],
  ['32.000000000000001', '32', 'reported $32.000000000000001 · expected $32 · difference $0.000000000000001'],
  ['31.99', '32', 'reported $31.99 · expected $32 · difference −$0.01'],
  [null, '0.005', 'reported nothing · expected $0.005 · difference −$0.005'],
])('reported %s where %s was expected', (reported, expected, line) => {
  const verdict = compare(reported, parseUsd(expected));
  expect(verdict.line).toBe(line);
  expect(verdict.difference === 0n).toBe(reported === expected);
});
