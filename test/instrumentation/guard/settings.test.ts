import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readCeiling } from '../../../instrumentation/guard/ceilings.ts';
import { BudgetExceededError } from '../../../instrumentation/guard/error.ts';
import { readGuardSettings } from '../../../instrumentation/guard/settings.ts';

it.each([
  [{}, 'observe', 'http://localhost:9464/api/v1/budgets/state'],
  [
    { SPANLEDGER_GUARD: 'cap', OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector:4318/x' },
    'cap',
    'http://collector:9464/api/v1/budgets/state',
  ],
  [
    { SPANLEDGER_API_ENDPOINT: 'https://costs.example/spanledger/' },
    'observe',
    'https://costs.example/spanledger/api/v1/budgets/state',
  ],
])('%o', (env, mode, url) => {
  expect(readGuardSettings(env)).toMatchObject({ mode, mistakes: [] });
  expect(readGuardSettings(env).url?.href).toBe(url);
});

it('what cannot be meant is told, and does no harm', () => {
  const env = {
    SPANLEDGER_GUARD: 'on',
    SPANLEDGER_GUARD_FAIL: 'shut',
    SPANLEDGER_API_ENDPOINT: 'here',
    SPANLEDGER_GUARD_PER_TRACE: 'many',
  };
  expect(readGuardSettings(env)).toMatchObject({ mode: 'observe', closed: false, url: undefined, ceilings: {} });
  expect(readGuardSettings(env).mistakes).toHaveLength(4);
});

it('ceilings are written as one says them', () => {
  expect(readCeiling('50 calls, 200000 tokens,1.50 USD')).toEqual({
    calls: 50,
    tokens: 200_000n,
    usd: 1_500_000_000_000_000n,
  });
  expect(() => readCeiling('50')).toThrow('"50" is no ceiling; write 50 calls, 200000 tokens, 1.50 USD');
});

it('a refusal is a 402 that says when to come again, whichever copy of the class threw it', () => {
  const about = { budget: 'b', message: 'Enough', spent: '1', limit: '1', unit: 'USD' };
  const error = new BudgetExceededError({ ...about, resetAt: new Date(10_000), retryAfterMs: undefined });
  expect(error.toProblem()).toEqual({
    type: 'urn:spanledger:error:budget_exceeded',
    title: 'Payment Required',
    status: 402,
    detail: 'Enough',
    budget: 'b',
    spent: '1',
    limit: '1',
    unit: 'USD',
    reset_at: '1970-01-01T00:00:10.000Z',
  });
  expect(error.retryAfterSeconds(4_500)).toBe(6);
  expect({ [Symbol.for('spanledger.budget-exceeded')]: true } instanceof BudgetExceededError).toBe(true);
  expect(new Error('x') instanceof BudgetExceededError).toBe(false);
});

it('the ceilings that docs/guard.md shows are read as they stand', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/guard.md'), 'utf8');
  const env = Object.fromEntries(
    [...page.matchAll(/^(SPANLEDGER_GUARD_PER_\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]),
  );
  expect(readGuardSettings(env)).toMatchObject({
    mistakes: [],
    ceilings: {
      trace: { calls: 50, tokens: 200_000n },
      session: { usd: 5_000_000_000_000_000n },
      task: { usd: 2_000_000_000_000_000n },
    },
  });
});
