import { expect, test } from 'vitest';
import { bucketStarts, segments } from '../../processor/buckets.ts';

const at = (iso: string): number => Date.parse(iso) * 1000;
const iso = (us: number): string => new Date(us / 1000).toISOString().replace(':00.000Z', 'Z');

test('whole hours come from the rollups, the ends of a range from the entries', () => {
  const parts = segments({
    from: at('2026-11-01T00:10:00Z'),
    to: at('2026-11-01T05:20:00Z'),
    bucket: undefined,
    timezone: 'UTC',
  });
  expect(parts.map(({ from, startUs, endUs }) => [from, iso(startUs), iso(endUs)])).toEqual([
    ['entries', '2026-11-01T00:10Z', '2026-11-01T01:00Z'],
    ['rollup', '2026-11-01T01:00Z', '2026-11-01T05:00Z'],
    ['entries', '2026-11-01T05:00Z', '2026-11-01T05:20Z'],
  ]);
});

test.for([
  ['within one hour', '2026-11-01T00:10:00Z', '2026-11-01T00:50:00Z', ['entries']],
  ['across a full hour, without one', '2026-11-01T00:50:00Z', '2026-11-01T01:10:00Z', ['entries', 'entries']],
  ['exactly one hour', '2026-11-01T00:00:00Z', '2026-11-01T01:00:00Z', ['rollup']],
  ['nothing', '2026-11-01T01:00:00Z', '2026-11-01T01:00:00Z', []],
] as const)('%s', ([, from, to, sources]) => {
  const parts = segments({ from: at(from), to: at(to), bucket: undefined, timezone: 'UTC' });
  expect(parts.map((part) => part.from)).toEqual(sources);
  expect(parts.reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0)).toBe(at(to) - at(from));
});

test('a bucket that begins at half past takes its first half hour from the entries', () => {
  const parts = segments({
    from: at('2026-11-01T18:30:00Z'),
    to: at('2026-11-02T18:30:00Z'),
    bucket: 'day',
    timezone: 'Asia/Kolkata',
  });
  expect(
    parts.map(({ bucketUs = 0, from, startUs, endUs }) => [iso(bucketUs), from, iso(startUs), iso(endUs)]),
  ).toEqual([
    ['2026-11-01T18:30Z', 'entries', '2026-11-01T18:30Z', '2026-11-01T19:00Z'],
    ['2026-11-01T18:30Z', 'rollup', '2026-11-01T19:00Z', '2026-11-02T18:00Z'],
    ['2026-11-01T18:30Z', 'entries', '2026-11-02T18:00Z', '2026-11-02T18:30Z'],
  ]);
});

test('the first bucket begins before the range where the range begins within it', () => {
  const starts = bucketStarts('month', 'Europe/Berlin', at('2026-10-15T00:00:00Z'), at('2026-11-25T00:00:00Z'));
  expect(starts.map(iso)).toEqual(['2026-09-30T22:00Z', '2026-10-31T23:00Z']);
});
