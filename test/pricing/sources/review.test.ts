import { expect, it } from 'vitest';
import type { Observation } from '../../../pricing/sources/cross-check.ts';
import { review } from '../../../pricing/sources/review.ts';

const said = (list: string, key: string, theirs: string): Observation => ({
  model: 'acme/large',
  unit: 'input',
  ours: '2',
  theirs,
  list,
  key,
  oneList: false,
});
const onlyOurs = (theirs: string): Observation => ({ ...said('a', 'large', theirs), oneList: true });

it.each([
  ['two lists against us', [said('a', 'large', '3'), said('b', 'large', '3')], 'open'],
  [
    'one of them, by another name of the same card, with us',
    [said('a', 'large', '3'), said('b', 'large', '3'), said('a', 'old', '2')],
    'open',
  ],
  ['names apart: a list with us on the same name', [said('a', 'large', '3'), said('b', 'large', '2')], 'keep'],
  ['one list alone', [said('a', 'large', '3')], 'keep'],
  ['lists that contradict one another', [said('a', 'large', '3'), said('b', 'large', '4')], 'keep'],
  ['one list against the one that is ours, far apart', [onlyOurs('3')], 'open'],
  ['one list against the one that is ours, near', [onlyOurs('2.9')], 'keep'],
  ['fewer digits', [said('a', 'large', '2.001'), said('b', 'large', '2.001')], 'keep'],
] as const)('%s: %s', (_name, observations, decision) => {
  expect(review(observations)).toMatchObject([{ decision }]);
});

it('has no row where all agree', () => {
  expect(review([said('a', 'large', '2')])).toEqual([]);
});
