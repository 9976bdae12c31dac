import { parseUsd, type FemtoUsd } from '../../pricing/money.ts';
import { reportedUsd } from '../../pricing/usage/blocks/block.ts';

/*
 * A cost on a span wins over ours only if whoever sends the bill said it: a gateway or a provider, in its answer. Most costs
 * on spans are something else, an emitter's own product of tokens and a price list that came with it: LiteLLM's
 * `gen_ai.cost.*` and `litellm.cost.*`, OpenLIT's `gen_ai.usage.cost`, Pydantic's and Logfire's `operation.cost`,
 * OpenInference's `llm.cost.*`, Langfuse's `cost_details`, Claude Code's `cost_usd`, Codex' `usage.estimated_usd`, Copilot's
 * `github.copilot.cost`. Those are estimates of the same thing as ours, of an unknown price version, and are not taken.
 */

/** An amount of USD, as a number or a plain decimal; undefined for what is none. */
export function usd(value: unknown): FemtoUsd | undefined {
  if (typeof value !== 'string') return reportedUsd(value);
  if (!/^\d+(\.\d+)?(e-\d+)?$/i.test(value)) return undefined;
  if (/^\d{1,9}(\.\d{1,15})?$/.test(value)) return parseUsd(value);
  return reportedUsd(Number(value));
}
