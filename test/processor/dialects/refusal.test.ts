import { expect, it } from 'vitest';
import { loadPriceBook } from '../../../pricing/index.ts';
import { readCall } from '../../../processor/dialects/index.ts';
import { chargeFor } from '../../../processor/stages/entry.ts';
import { makeSpan } from '../../support/span.ts';

const book = loadPriceBook();

const nothing = { status: 'priced', amount: 0n, lines: [], priceId: 'refused' };
const unknown = { status: 'unpriced', reason: 'missing_usage' };

it.each([
  [{ 'http.response.status_code': 429, 'error.type': 'insufficient_quota' }, nothing],
  [{ 'error.type': '400' }, nothing],
  [{ 'error.type': 'RateLimitError' }, nothing],
  [{ 'error.type': 'overloaded_error', 'http.response.status_code': 529 }, nothing],
  [{ 'error.type': '503' }, nothing],
  // The provider may have done the work.
  [{ 'error.type': '500' }, unknown],
  [{ 'error.type': '504' }, unknown],
  [{ 'error.type': 'APIConnectionTimeoutError' }, unknown],
  [{ 'error.type': 'AbortError' }, unknown],
  [{ 'http.response.status_code': 408 }, unknown],
  // Without an error it is a call whose usage is missing.
  [{}, unknown],
  // What was used is charged, refused or not.
  [
    { 'error.type': '429', 'gen_ai.usage.input_tokens': 1000, 'gen_ai.usage.output_tokens': 0 },
    { amount: 2_500_000_000_000n },
  ],
])('a call of gpt-4o with %j', (error, expected) => {
  const attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-4o',
  };
  const call = readCall(makeSpan({ attributes: { ...attributes, ...error } }));
  expect(call && chargeFor(call, 1_790_000_000_000_000, book)).toMatchObject(expected);
});
