import { expect, test } from 'vitest';
import { readAge, startOfAge } from '../../processor/retention.ts';

const at = (iso: string): number => Date.parse(iso) * 1000;

test.each([
  ['35d', '2026-11-26T12:00:00Z', '2026-10-22T12:00:00Z'],
  ['13 months', '2026-11-26T12:00:00Z', '2025-10-26T12:00:00Z'],
  ['1 month', '2026-03-31T00:00:00Z', '2026-02-28T00:00:00Z'],
  ['12 months', '2028-02-29T00:00:00Z', '2027-02-28T00:00:00Z'],
])('%s before %s is %s', (text, now, start) => {
  const age = readAge(text);
  expect(age && startOfAge(age, at(now))).toBe(at(start));
});

test('forever is no age; what is too short or no age is refused', () => {
  expect(readAge('forever')).toBeUndefined();
  for (const text of ['', '12h', '0 months', '13', 'months', '-1d', '1.5 months'])
    expect(() => readAge(text)).toThrow(/is not an age such as 35d, 13 months or forever/);
});
