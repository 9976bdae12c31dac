import { expect, it } from 'vitest';
import { catalogDirectory } from '../../../pricing/load.ts';
import { dropImplausible, implausible } from '../../../pricing/sources/plausible.ts';
import { readStanding } from '../../../pricing/sources/standing.ts';

it.each([
  ['output', '600', undefined],
  ['output', '1000.01', 'output at 1000.01'],
  ['cache_read', '0.002', undefined],
  ['input', '0.001', 'input at 0.001'],
  ['input', '0', undefined],
  ['character', '0.000004', undefined],
  ['character', '0.0000003', 'character at 0.0000003'],
  ['image', '5', undefined],
])('%s at %s', (unit, rate, what) => {
  expect(implausible({ cards: [{ rates: { input: '1' } }, { rates: { [unit]: rate } }] })).toBe(what);
});

it('only the model with the slip is left out, and told', () => {
  const models = ['0.71', '71000'].map((input, at) => ({ model: `m${at}`, match: [], cards: [{ rates: { input } }] }));
  const head = { provider: 'p', name: 'p', checked: '2026-08-01', sources: [], claims: [], resells: [], inherits: {} };
  const file = { ...head, models };
  expect(dropImplausible([file])).toEqual(['p/m1: input at 71000 is a slip of units']);
  expect(file.models.map(({ model }) => model)).toEqual(['m0']);
});

it('no card that is published is beyond belief', () => {
  const all = readStanding(catalogDirectory).flatMap(({ models }) => models);
  expect(all.length).toBeGreaterThan(1500);
  expect(all.filter((model) => implausible(model) !== undefined)).toEqual([]);
});
