/**
 * What the demo expects, worked out without the processor: published list prices, whole numbers only.
 * Checked on the providers' price pages: openai.com/api/pricing and claude.com/pricing, 2026-11.
 */
import type { FemtoUsd } from '../pricing/money.ts';

/** US cents for a million tokens, input and output. */
const centsPerMillion = {
  'gpt-4o': [250, 1000],
  'gpt-4.1-mini': [40, 160],
  'gpt-4.1-nano': [10, 40],
  'claude-sonnet-4-6': [300, 1500],
  'claude-haiku-4-5': [100, 500],
} as const satisfies Record<string, readonly [input: number, output: number]>;

export type Model = keyof typeof centsPerMillion;

/** One token at one cent a million is 1e-8 USD. */
const STEP: FemtoUsd = 10_000_000n;

/**
 * The exact price of so many tokens.
 *
 * @example costOf('gpt-4o', 1250, 340) // 6_525_000_000_000n, which is $0.006525
 */
export function costOf(model: Model, input: number, output: number): FemtoUsd {
  const [inputCents, outputCents] = centsPerMillion[model];
  return (BigInt(input) * BigInt(inputCents) + BigInt(output) * BigInt(outputCents)) * STEP;
}
