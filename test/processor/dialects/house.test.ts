import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPriceBook } from '../../../pricing/index.ts';
import { loadConfig } from '../../../processor/config.ts';
import { callReader, readCall, withHouse } from '../../../processor/dialects/index.ts';
import { explainSpan, explanationJson } from '../../../processor/explain.ts';
import type { Span } from '../../../processor/otlp/index.ts';
import { interestOf } from '../../../processor/stages/interest.ts';
import { makeSpan } from '../../support/span.ts';

const cwd = join(import.meta.dirname, '../../fixtures/config');
const { dialects } = loadConfig({ file: 'dialects.good.yaml', env: {}, cwd });
const list = withHouse(dialects);
const read = callReader(list);
const book = loadPriceBook();
const explain = (span: Span) => explanationJson(explainSpan(span, book, read));

const completion = {
  'acme.kind': 'completion',
  'acme.model': 'claude-opus-4-6',
  'acme.tokens.fresh': '1000',
  'acme.tokens.cached': 20_000,
  'acme.tokens.out': 500,
  'acme.account': 'globex',
  'acme.screen': 'search',
  'acme.request': 'r-1',
};

describe('a convention of the house, from spanledger.yaml', () => {
  it('is read by its table: cache beside the input, provider by default, tags', () => {
    // 1000 x $5 + 20000 x $0.50 + 500 x $25 a million.
    expect(explain(makeSpan({ scope: 'acme.gateway', attributes: completion }))).toMatchObject({
      dialect: 'acme-llm',
      kind: 'call',
      provider: 'anthropic',
      usage: { input: 1000, cache_read: 20_000, output: 500 },
      usage_basis: 'reported',
      tags: { customer_id: 'globex', feature: 'search' },
      charge: { status: 'priced', amount_usd: '0.0275' },
    });
  });

  it('is known by its counts where no scope is given; reasoning beside the output', () => {
    const attributes = { llm_model: 'o3-mini', llm_in: 900, llm_out: 200, llm_thoughts: 2000 };
    const span = makeSpan({ scope: 'whatever', attributes });
    expect(explain(span)).toMatchObject({
      dialect: 'old-house',
      usage: { input: 900, output: 200, reasoning: 2000 },
      charge: { amount_usd: '0.01067' },
    });
    expect(readCall(span)).toBeUndefined();
  });

  it.each([
    ['another scope', { scope: 'acme', attributes: completion }],
    ['another kind', { scope: 'acme.gateway', attributes: { ...completion, 'acme.kind': 'tool' } }],
    ['a scope whose dot is another letter', { scope: 'acmeXgateway', attributes: completion }],
  ])('%s is none of it', (_, span) => {
    expect(read(makeSpan(span))).toBeUndefined();
  });

  it('counts that are none are said to be wrong', () => {
    const attributes = { llm_model: 'gpt-4o', llm_in: 'many', llm_out: 3 };
    expect(explain(makeSpan({ attributes })).charge).toMatchObject({ status: 'unpriced', reason: 'invalid_usage' });
  });

  it('takes nothing from other dialects, and its spans are of interest', () => {
    const ours = makeSpan({ scope: 'spanledger', attributes: { 'gen_ai.operation.name': 'chat', llm_in: 1 } });
    expect(read(ours)?.dialect).toBe('spanledger');
    const { keys, isScope } = interestOf(list);
    expect([keys.has('llm_out'), isScope('acme.gateway'), isScope('acme')]).toEqual([true, true, false]);
  });
});
