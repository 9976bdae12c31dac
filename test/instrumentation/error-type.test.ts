import { APIError } from 'openai';
import { expect, it } from 'vitest';
import { errorType } from '../../instrumentation/error-type.ts';
import { BudgetExceededError } from '../../instrumentation/guard/error.ts';

const refusal = (status: number, code: string): unknown =>
  APIError.generate(
    status,
    { error: { type: code, code, message: 'You exceeded your current quota' } },
    'x',
    new Headers(),
  );

// S110: the words by which the processor knows that a refusal of the vendor costs nothing.
it.each(['insufficient_quota', 'rate_limit_exceeded'])(
  'a 429 of OpenAI for %s has that status, and is not ours',
  (code) => {
    const error = refusal(429, code);
    expect(errorType(error)).toBe(code);
    expect(error).not.toBeInstanceOf(BudgetExceededError);
  },
);

it('a refusal of ours has a status of its own', () => {
  const ours = new BudgetExceededError({
    budget: 'b',
    message: 'm',
    spent: '1',
    limit: '1',
    unit: 'USD',
    resetAt: undefined,
    retryAfterMs: undefined,
  });
  expect(errorType(ours)).toBe('budget_exceeded');
  expect(ours.status).toBe(402);
});
