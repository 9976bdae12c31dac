import { expect, it } from 'vitest';
import { agreements, type Observation } from '../../../pricing/sources/cross-check.ts';

const said = (list: string, unit: Observation['unit'], theirs: string): Observation => ({
  model: 'acme/large',
  unit,
  ours: '2',
  theirs,
  list,
  key: 'large',
  oneList: false,
});

it.each([
  ['a list with us in everything', [said('a', 'input', '2'), said('a', 'output', '2')], ['a']],
  ['one rate otherwise is another price', [said('a', 'input', '2'), said('a', 'output', '3')], []],
  ['each list for itself', [said('a', 'input', '2'), said('b', 'input', '3'), said('c', 'input', '2')], ['a', 'c']],
] as const)('%s', (_name, observations, lists) => {
  expect(agreements(observations).get('acme/large')).toEqual(lists);
});
