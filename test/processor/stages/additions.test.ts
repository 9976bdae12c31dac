import { expect, it } from 'vitest';
import { parseUsd } from '../../../pricing/money.ts';
import { additionsFor, aggregateAdditions } from '../../../processor/stages/additions.ts';
import { makeEntry } from '../../support/entries.ts';

it('splits a charge into input, output and the rest', () => {
  const { charge } = makeEntry(1, {
    counts: { input: 1000, cache_read: 2000, output: 100, reasoning: 50, web_search: 2 },
    rates: {
      input: '0.000005',
      cache_read: '0.0000005',
      output: '0.000025',
      reasoning: '0.000025',
      web_search: '0.01',
    },
  });
  expect(additionsFor(charge)).toMatchObject({
    'spanledger.cost.usd': 0.02975,
    'spanledger.cost.input_usd': 0.006,
    'spanledger.cost.output_usd': 0.00375,
    'spanledger.cost.other_usd': 0.02,
    'spanledger.cost.status': 'priced',
    'spanledger.cost.source': 'list',
    'spanledger.cost.reason': null,
  });
});

it('says why there is no figure, and takes away any that was there', () => {
  expect(additionsFor({ status: 'unpriced', reason: 'unknown_model', detail: 'x' })).toEqual({
    'spanledger.cost.usd': null,
    'spanledger.cost.input_usd': null,
    'spanledger.cost.output_usd': null,
    'spanledger.cost.other_usd': null,
    'spanledger.cost.status': 'unpriced',
    'spanledger.cost.reason': 'unknown_model',
    'spanledger.cost.source': null,
    'spanledger.price.id': null,
    'spanledger.price.version': null,
  });
});

it('marks an aggregate, which has no figure of its own', () => {
  expect(aggregateAdditions).toMatchObject({ 'spanledger.cost.status': 'aggregate', 'spanledger.cost.usd': null });
});

it('gives the nearest double of an exact amount', () => {
  const charge = { ...makeEntry(1).charge, status: 'priced' as const, amount: parseUsd('0.1'), lines: [] };
  expect(
    additionsFor({ ...charge, source: 'list', priceId: 'p', priceVersion: 'v', provider: 'a', model: 'm' }),
  ).toMatchObject({
    'spanledger.cost.usd': 0.1,
  });
});
