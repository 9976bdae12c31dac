import { expect, it } from 'vitest';
import { atMostEvery, lineForPeople } from '../../processor/log.ts';

it('lets one through in a while, and tells how many were left out', () => {
  let now = 0;
  const seen: number[] = [];
  const complain = atMostEvery(60_000, () => now);
  for (now = 0; now <= 150_000; now += 10_000) complain((left) => seen.push(left));
  expect(seen).toEqual([0, 5, 5]);
});

it.each([
  ['{"level":40,"time":"2026-11-26T06:12:08.253Z","labels":{"a":"b"},"msg":"it is full"}', '06:12:08 warn  it is full'],
  [
    '{"level":50,"time":"2026-11-26T06:12:08.253Z","err":{"message":"no room"},"msg":"not kept"}',
    '06:12:08 error not kept: no room',
  ],
  [
    '{"level":50,"time":"2026-11-26T06:12:08.253Z","err":{"message":"no room"},"msg":"no room"}',
    '06:12:08 error no room',
  ],
])('people read %s as words', (json, line) => {
  expect(lineForPeople(json)).toBe(line);
});
