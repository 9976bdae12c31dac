/** Disagreements that were decided by hand: our figure stands, and why. Where the others were right there is an amendment. */
export interface Decision {
  /** A name, or one with `*` for anything. */
  readonly model: string;
  /** All units of the model where it is missing. */
  readonly unit?: string;
  readonly why: string;
}

/** Only two lists have these and they contradict each other; neither names a page. */
const newer = "LiteLLM's list is the newer of the two, by a month; no page of the provider was at hand to settle it";

export const decisions: readonly Decision[] = [
  { model: 'alibaba/qwen3-next-80b-a3b-*', why: newer },
  { model: 'alibaba/qwen3.7-plus', why: newer },
  { model: 'aws/qwen.qwen3-coder-next', why: newer },
  { model: 'azure/deepseek-v3.1', why: newer },
  { model: 'deepinfra/openai/gpt-oss-120b', why: newer },
  { model: 'google/openai/gpt-oss-120b-maas', why: newer },
  {
    model: 'aws/regional.anthropic.claude-*',
    why: 'a name without "global." is served in its region, and regional endpoints cost 10 % more from Claude 4.5 on (https://docs.claude.com/en/docs/about-claude/pricing); the lists have the global rate',
  },
  {
    model: 'aws/qwen.qwen3-coder-480b-a35b-v1:0',
    unit: 'input',
    why: "our source checked AWS's page on 2026-09-23, seven weeks after the newer of the others; output agrees",
  },
  {
    model: 'fireworks/gpt-oss-120b',
    unit: 'cache_read',
    why: "our source checked Fireworks' page on 2026-09-23, seven weeks after the newer of the others",
  },
];
