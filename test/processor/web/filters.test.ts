import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dimensionNames } from '../../../processor/ledger.ts';
import { parseMatchers } from '../../../processor/matcher.ts';
import {
  filterMatchers,
  inWords,
  rangeOf,
  readFilters,
  readWhere,
  whereText,
  writeFilters,
} from '../../../processor/web/filters.js';

const matcher = fc.record({
  name: fc.constantFrom(...dimensionNames),
  op: fc.constantFrom('=' as const, '!=' as const),
  value: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '"', '\\', 'a,b', '\\n', 'a\nb', '<img onerror>')),
});

test('what the page asks for is what the processor reads, whatever a customer is named', () => {
  fc.assert(
    fc.property(fc.array(matcher, { maxLength: 4 }), (matchers) => {
      expect(parseMatchers(whereText(matchers))).toEqual(matchers);
      expect(readWhere(whereText(matchers))).toEqual(matchers);
    }),
  );
});

test.each(['plan=pro', 'plan="pro', 'plan="pro" feature="x"', '="x"', 'plan=="x"'])('%s is not guessed at', (text) => {
  expect(readWhere(text)).toBeUndefined();
});

describe('the URL', () => {
  test('keeps the filters', () => {
    const filters = fc.record({
      screen: fc.constantFrom('overview' as const, 'budgets' as const, 'customers' as const, 'quality' as const),
      period: fc.constantFrom('24h' as const, '7d' as const, '30d' as const, '90d' as const),
      environment: fc.option(fc.string(), { nil: undefined }),
      plan: fc.option(fc.string(), { nil: undefined }),
    });
    fc.assert(
      fc.property(filters, (filters) => {
        expect(readFilters(`?${writeFilters(filters).toString()}`)).toEqual(filters);
      }),
    );
  });

  test('without anything is 30 days of everything, and so is nonsense', () => {
    expect(readFilters('')).toEqual({
      screen: 'overview',
      period: '30d',
      environment: undefined,
      plan: undefined,
    });
    expect(readFilters('?period=-1&screen=admin&x=%FF')).toEqual(readFilters(''));
    expect(writeFilters(readFilters('')).toString()).toBe('');
  });

  test('tells calls without a plan from calls of any plan', () => {
    expect(filterMatchers(readFilters('?plan='))).toEqual([{ name: 'plan', op: '=', value: '' }]);
    expect(filterMatchers(readFilters(''))).toEqual([]);
  });
});

describe('the period', () => {
  const now = new Date(2026, 10, 25, 19, 4, 5);

  test('of 30 days is today and the 29 before it, to the end of the running hour', () => {
    const { from, to, bucket, starts } = rangeOf('30d', now);
    expect([from, to, bucket, starts.length]).toEqual([new Date(2026, 9, 27), new Date(2026, 10, 25, 20), 'day', 30]);
    expect(starts.at(-1)).toEqual(new Date(2026, 10, 25));
  });

  test('of 24 hours is the running hour and the 23 before it', () => {
    const { from, to, bucket, starts } = rangeOf('24h', now);
    expect([from, to, bucket, starts.length]).toEqual([
      new Date(2026, 10, 24, 20),
      new Date(2026, 10, 25, 20),
      'hour',
      24,
    ]);
  });

  test('is the same for two looks within an hour', () => {
    expect(rangeOf('90d', new Date(2026, 10, 25, 19, 59, 59, 999))).toEqual(rangeOf('90d', now));
  });
});

test.each([
  ['', ''],
  ['feature="search"', 'feature search'],
  ['customer_id="",plan="pro"', 'no customer · plan pro'],
  ['status="unpriced"', 'unpriced calls'],
  ['customer_id!="a",customer_id!="b"', 'all but 2 customers'],
  ['environment=~"prod.*"', 'environment =~ prod.*'],
])('%s reads "%s"', (where, words) => expect(inWords(readWhere(where) ?? [])).toBe(words));
