import { describe, expect, it } from 'vitest';
import type { Schedule } from '../../pricing/catalog.ts';
import { isActive } from '../../pricing/schedule.ts';

const peak: Schedule = {
  name: 'peak',
  zone: 'Asia/Shanghai',
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
  windows: [
    [9 * 60, 12 * 60],
    [14 * 60, 18 * 60],
  ],
  except: ['2026-10-01'],
};
const berlin: Schedule = { name: 'noon', zone: 'Europe/Berlin', days: [], windows: [[12 * 60, 13 * 60]], except: [] };

describe('recurring hours', () => {
  it.each([
    ['a weekday morning', peak, '2026-11-23T01:00:00Z', true],
    ['the last second of a window', peak, '2026-11-23T03:59:59Z', true],
    ['its end', peak, '2026-11-23T04:00:00Z', false],
    ['the second window', peak, '2026-11-23T06:00:00Z', true],
    ['Saturday there, though still Friday elsewhere', peak, '2026-11-20T17:00:00Z', false],
    ['Friday there', peak, '2026-11-20T02:00:00Z', true],
    ['a Saturday', peak, '2026-11-21T02:00:00Z', false],
    ['a holiday', peak, '2026-10-01T02:00:00Z', false],
    ['before the epoch', peak, '1969-12-31T02:00:00Z', true],
    ['summer time', berlin, '2026-07-01T10:30:00Z', true],
    ['the same hour in winter', berlin, '2026-12-01T10:30:00Z', false],
    ['winter time', berlin, '2026-12-01T11:30:00Z', true],
    ['the hour after the clocks went forward', berlin, '2026-03-29T10:30:00Z', true],
  ] as const)('%s', (_name, schedule, at, active) => {
    expect(isActive(schedule, Date.parse(at) * 1000)).toBe(active);
  });
});
