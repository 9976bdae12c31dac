import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendar, isTimezone, periodKinds } from '../../../processor/budgets/period.ts';

const micros = (iso: string): number => Date.parse(iso) * 1000;
const iso = (us: number): string => new Date(us / 1000).toISOString().replace('.000Z', 'Z');

describe('anchored periods', () => {
  it.each([
    ['month', 15, 'UTC', '2026-11-14T23:59:59Z', '2026-10-15T00:00:00Z', '2026-11-15T00:00:00Z'],
    ['month', 15, 'UTC', '2026-11-15T00:00:00Z', '2026-11-15T00:00:00Z', '2026-12-15T00:00:00Z'],
    ['month', 15, 'UTC', '2027-01-01T00:00:00Z', '2026-12-15T00:00:00Z', '2027-01-15T00:00:00Z'],
    ['month', 31, 'UTC', '2027-02-10T00:00:00Z', '2027-01-31T00:00:00Z', '2027-02-28T00:00:00Z'],
    ['month', 31, 'UTC', '2027-02-28T00:00:00Z', '2027-02-28T00:00:00Z', '2027-03-31T00:00:00Z'],
    // The clock goes forward in between.
    ['month', 29, 'Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00Z', '2026-04-28T22:00:00Z'],
    ['week', 4, 'UTC', '2026-11-26T00:00:00Z', '2026-11-26T00:00:00Z', '2026-12-03T00:00:00Z'],
    ['week', 4, 'UTC', '2026-11-25T23:59:59Z', '2026-11-19T00:00:00Z', '2026-11-26T00:00:00Z'],
    ['week', 0, 'UTC', '2026-11-28T12:00:00Z', '2026-11-22T00:00:00Z', '2026-11-29T00:00:00Z'],
  ] as const)('%s from %i, %s at %s', (kind, anchor, timezone, at, start, end) => {
    const period = calendar(kind, timezone, anchor)(micros(at));
    expect([iso(period.startUs), iso(period.endUs)]).toEqual([start, end]);
  });

  it('follow one another without gap, every instant in one of them', () => {
    const instant = fc.date({ min: new Date('2000-01-01'), max: new Date('2040-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(instant, fc.integer({ min: 1, max: 31 }), (date, anchor) => {
        const periodAt = calendar('month', 'America/New_York', anchor);
        const [at, period] = [date.getTime() * 1000, periodAt(date.getTime() * 1000)];
        const next = periodAt(period.endUs);
        return period.startUs <= at && at < period.endUs && next.startUs === period.endUs;
      }),
    );
  });
});

describe('periods', () => {
  it.each([
    ['month', 'UTC', '2026-11-25T12:00:00Z', '2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'],
    ['month', 'UTC', '2026-11-01T00:00:00Z', '2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'],
    ['month', 'Europe/Berlin', '2026-10-31T22:59:59Z', '2026-09-30T22:00:00Z', '2026-10-31T23:00:00Z'],
    ['month', 'Europe/Berlin', '2026-10-31T23:00:00Z', '2026-10-31T23:00:00Z', '2026-11-30T23:00:00Z'],
    ['quarter', 'UTC', '2026-11-25T12:00:00Z', '2026-10-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['year', 'Asia/Kolkata', '2026-12-31T18:30:00Z', '2026-12-31T18:30:00Z', '2027-12-31T18:30:00Z'],
    ['week, from Monday', 'UTC', '2026-11-29T23:59:59Z', '2026-11-23T00:00:00Z', '2026-11-30T00:00:00Z'],
    ['week, over the new year', 'UTC', '2027-01-01T00:00:00Z', '2026-12-28T00:00:00Z', '2027-01-04T00:00:00Z'],
    ['day of 23 hours', 'Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
    ['day of 25 hours', 'America/New_York', '2026-11-01T12:00:00Z', '2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z'],
    [
      'day that starts at 01:00',
      'Africa/Cairo',
      '2026-04-24T12:00:00Z',
      '2026-04-23T22:00:00Z',
      '2026-04-24T21:00:00Z',
    ],
    ['day after one left out', 'Pacific/Apia', '2011-12-30T10:00:00Z', '2011-12-30T10:00:00Z', '2011-12-31T10:00:00Z'],
    ['day before one left out', 'Pacific/Apia', '2011-12-30T09:59:59Z', '2011-12-29T10:00:00Z', '2011-12-30T10:00:00Z'],
    ['day at :45', 'Asia/Kathmandu', '2026-11-25T18:14:59Z', '2026-11-24T18:15:00Z', '2026-11-25T18:15:00Z'],
    ['hour at :30', 'Asia/Kolkata', '2026-11-25T12:00:00Z', '2026-11-25T11:30:00Z', '2026-11-25T12:30:00Z'],
    [
      'hour, first of two alike',
      'Europe/Berlin',
      '2026-10-25T00:30:00Z',
      '2026-10-25T00:00:00Z',
      '2026-10-25T01:00:00Z',
    ],
    [
      'hour, second of two alike',
      'Europe/Berlin',
      '2026-10-25T01:30:00Z',
      '2026-10-25T01:00:00Z',
      '2026-10-25T02:00:00Z',
    ],
    [
      'hour of 30 minutes',
      'Australia/Lord_Howe',
      '2026-04-04T15:10:00Z',
      '2026-04-04T15:00:00Z',
      '2026-04-04T15:30:00Z',
    ],
  ])('%s in %s at %s', (name, zone, at, start, end) => {
    const kind = periodKinds.find((known) => name.startsWith(known)) ?? 'year';
    const { startUs, endUs } = calendar(kind, zone)(micros(at));
    expect([iso(startUs), iso(endUs)]).toEqual([start, end]);
  });

  it('follow one another without gap or overlap, whichever instant is asked for', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Africa/Cairo', 'America/Havana'];
    const at = fc.integer({ min: Date.UTC(2005, 0), max: Date.UTC(2035, 0) });
    fc.assert(
      fc.property(
        fc.constantFrom(...periodKinds),
        fc.constantFrom(...zones),
        at,
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (kind, zone, ms, share) => {
          const period = calendar(kind, zone)(ms * 1000);
          expect(period.startUs).toBeLessThanOrEqual(ms * 1000);
          expect(period.endUs).toBeGreaterThan(ms * 1000);
          const within = period.startUs + Math.floor((share * (period.endUs - period.startUs)) / 1000) * 1000;
          expect(calendar(kind, zone)(within)).toEqual(period);
          expect(calendar(kind, zone)(period.endUs).startUs).toBe(period.endUs);
          expect(calendar(kind, zone)(period.startUs - 1).endUs).toBe(period.startUs);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are the same object when asked for again', () => {
    const month = calendar('month', 'UTC');
    expect(month(micros('2026-11-25T00:00:00Z'))).toBe(month(micros('2026-11-26T00:00:00Z')));
  });
});

it.each([
  ['Europe/Berlin', true],
  ['UTC', true],
  ['Mars/Olympus', false],
  ['', false],
])('time zone %s: %s', (name, expected) => {
  expect(isTimezone(name)).toBe(expected);
});
