/** What gateways and hosts add to the usage blocks of the APIs that they pass on. */
import type { FemtoUsd } from '../../money.ts';
import { fromDisjoint } from '../usage.ts';
import { isObject, reportedUsd, type BlockReader, type BlockReading } from './block.ts';
import { readOpenAIChatUsage } from './openai-chat.ts';
import { readOpenAIResponsesUsage } from './openai-responses.ts';

/**
 * A reader for blocks that carry the gateway's charge as well (OpenRouter, Perplexity, Pydantic's gateway): the charge is
 * `reportedCost`, the rest is read as before.
 *
 * @example withGatewayCost(readOpenAIEmbeddingsUsage)({ prompt_tokens: 3, total_tokens: 3, cost: 6e-8 }).reportedCost // 60_000_000n
 */
export function withGatewayCost(read: BlockReader): BlockReader {
  return (block) => {
    if (!isObject(block)) return read(block);
    const { cost, cost_details: details, is_byok: own, pydantic_ai_gateway: gateway, ...rest } = block;
    const reading = read(rest);
    const upstream = isObject(details) ? reportedUsd(details['upstream_inference_cost']) : undefined;
    const charge = reportedUsd(isObject(cost) ? cost['total_cost'] : cost);
    const estimate = isObject(gateway) ? reportedUsd(gateway['cost_estimate']) : undefined;
    // With a key of one's own the charge is the gateway's fee, and the provider bills its part apart.
    const reported = own === true && charge !== undefined ? charge + (upstream ?? 0n) : (charge ?? estimate);
    return withCost(reading, reported);
  };
}

/**
 * xAI's responses: tools that its servers ran, and the charge in ticks of 1e-10 USD. https://docs.x.ai/developers/cost-tracking
 *
 * @example readXaiResponsesUsage({ input_tokens: 202, output_tokens: 205, total_tokens: 407, cost_in_usd_ticks: 6306000 }).reportedCost
 * // 630_600_000_000n
 */
export function readXaiResponsesUsage(block: unknown): BlockReading {
  if (!isObject(block)) return readOpenAIResponsesUsage(block);
  const {
    cost_in_usd_ticks: ticks,
    server_side_tool_usage_details: tools,
    num_sources_used: sources,
    // The sum of the tools, and the size of the last context: both said elsewhere in the block.
    num_server_side_tools_used: _tools,
    context_details: _context,
    ...rest
  } = block;
  const reading = readOpenAIResponsesUsage(rest);
  const calls = (name: string): number => (isObject(tools) ? whole(tools[name]) : 0);
  const more = {
    web_search: calls('web_search_calls') + calls('x_search_calls') + whole(sources),
    code_session: calls('code_interpreter_calls'),
    file_search: calls('file_search_calls') + calls('document_search_calls'),
  };
  const { usage } = reading;
  const counted = usage.status === 'known' ? fromDisjoint({ ...usage.counts, ...more }, usage.basis) : usage;
  return withCost({ ...reading, usage: counted }, whole(ticks) > 0 ? BigInt(whole(ticks)) * 100_000n : undefined);
}

/**
 * Models of many makers on Azure: timings beside the counts; and for Grok, cached tokens that can be more than the prompt,
 * which then does not include them.
 *
 * @example readAzureUsage({ prompt_tokens: 23, completion_tokens: 110, total_tokens: 133, prompt_tokens_details: { cached_tokens: 158 } }).usage
 * // counts { input: 23, cache_read: 158, output: 110 }
 */
export function readAzureUsage(block: unknown): BlockReading {
  if (!isObject(block)) return readOpenAIChatUsage(block);
  const { latency_checkpoint: _latency, ...rest } = block;
  const details = rest['prompt_tokens_details'];
  const cached = isObject(details) ? whole(details['cached_tokens']) : 0;
  const prompt = whole(rest['prompt_tokens']);
  if (!isObject(details) || cached === 0) return readOpenAIChatUsage(rest);
  if (cached <= prompt) {
    // Cached pictures are in both counts; which of them were cached is not said, so the picture count yields.
    const { image_tokens: image, ...others } = details;
    const overlap = cached + whole(image) > prompt;
    return readOpenAIChatUsage(overlap ? { ...rest, prompt_tokens_details: others } : rest);
  }
  const reading = readOpenAIChatUsage({ ...rest, prompt_tokens_details: { ...details, cached_tokens: 0 } });
  const { usage } = reading;
  if (usage.status !== 'known') return reading;
  return { ...reading, usage: fromDisjoint({ ...usage.counts, cache_read: cached }, usage.basis) };
}

function withCost(reading: BlockReading, cost: FemtoUsd | undefined): BlockReading {
  return cost === undefined ? reading : { ...reading, reportedCost: cost };
}

function whole(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}
