import { expect, test } from 'vitest';
import { isoTime, readTime } from '../../../processor/api/time.ts';

const now = Date.UTC(2026, 10, 25, 12) * 1000;

test.for([
  ['now', 'UTC', '2026-11-25T12:00:00.000Z'],
  ['-30d', 'UTC', '2026-10-26T12:00:00.000Z'],
  ['-12h', 'UTC', '2026-11-25T00:00:00.000Z'],
  ['-90m', 'UTC', '2026-11-25T10:30:00.000Z'],
  ['-1w', 'UTC', '2026-11-18T12:00:00.000Z'],
  ['2026-11-01', 'UTC', '2026-11-01T00:00:00.000Z'],
  ['2026-11-01', 'Asia/Kolkata', '2026-10-31T18:30:00.000Z'],
  ['2026-11-02', 'America/New_York', '2026-11-02T05:00:00.000Z'],
  // Midnight does not exist that day: the clock goes from 24:00 to 01:00.
  ['2026-04-24', 'Africa/Cairo', '2026-04-23T22:00:00.000Z'],
  ['2026-11-01T12:00:00Z', 'Asia/Kolkata', '2026-11-01T12:00:00.000Z'],
  ['2026-11-01T12:00:00+05:30', 'UTC', '2026-11-01T06:30:00.000Z'],
  ['2026-11-01T12:00:00 05:30', 'UTC', '2026-11-01T06:30:00.000Z'],
  ['2026-11-01T12:00Z', 'UTC', '2026-11-01T12:00:00.000Z'],
  ['2026-11-01T12:00:00.123456Z', 'UTC', '2026-11-01T12:00:00.123456Z'],
] as const)('%s in %s is %s', ([text, timezone, expected]) => {
  expect(isoTime(readTime(text, now, timezone))).toBe(expected);
});

test.for([
  '',
  'yesterday',
  '30d',
  '-30',
  '2026-13-01',
  '2026-02-29',
  '2026-11-01T12:00:00',
  '1793491260',
  '2026-11-01T25:00:00Z',
])('"%s" is refused', (text) => {
  expect(() => readTime(text, now, 'UTC')).toThrow(RangeError);
});
