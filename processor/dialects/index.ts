import type { Call } from '../call.ts';
import type { Span } from '../otlp/request.ts';
import { anthropicSdk } from './anthropic-sdk.ts';
import { claudeCode } from './claude-code.ts';
import { codex } from './codex.ts';
import type { Dialect } from './dialect.ts';
import { geminiCli } from './gemini-cli.ts';
import { githubCopilot } from './github-copilot.ts';
import { googleAdk } from './google-adk.ts';
import { houseDialect, type HouseDialect } from './house.ts';
import { langfuse } from './langfuse.ts';
import { langsmith } from './langsmith.ts';
import { litellm } from './litellm.ts';
import { logfire } from './logfire.ts';
import { mastra } from './mastra.ts';
import { microsoft } from './microsoft.ts';
import { opencode } from './opencode.ts';
import { openinference } from './openinference.ts';
import { openlit } from './openlit.ts';
import { openllmetry } from './openllmetry.ts';
import { otelGenai } from './otel-genai.ts';
import { pydanticAi } from './pydantic-ai.ts';
import { spanledger } from './spanledger.ts';
import { springAi } from './spring-ai.ts';
import { strands } from './strands.ts';
import { vercelAi } from './vercel-ai.ts';
import { vercelAiOtel } from './vercel-ai-otel.ts';

/**
 * Tried in this order; the first that recognises a span has it. Ours comes first, since it writes GenAI names too. Then
 * those that a scope of their own gives away; then those known by attributes, which may stand on the spans of others; last
 * the convention, which all of them lean on. To add a dialect: one file, one line here, golden pairs.
 */
export const dialects: readonly Dialect[] = [
  spanledger,
  anthropicSdk,
  claudeCode,
  codex,
  geminiCli,
  githubCopilot,
  opencode,
  vercelAiOtel,
  vercelAi,
  pydanticAi,
  langfuse,
  litellm,
  mastra,
  langsmith,
  googleAdk,
  strands,
  microsoft,
  springAi,
  openllmetry,
  openinference,
  openlit,
  logfire,
  otelGenai,
];

export type CallReader = (span: Span) => Call | undefined;

/** How many names of scopes are remembered; a stranger who makes them up costs himself time, and us no memory. */
const MAX_SCOPES = 1024;

/**
 * A reader over dialects in their order. Which of them are worth asking is found by one look-up for the scope and one for
 * each attribute, so a dialect more slows nobody down.
 */
export function callReader(list: readonly Dialect[]): CallReader {
  if (list.length > 31) throw new RangeError('more dialects than a bit mask has room for');
  const bits = new Map<string, number>();
  for (const [index, { keys }] of list.entries())
    for (const key of keys) bits.set(key, (bits.get(key) ?? 0) | (1 << index));
  const byScope = new Map<string, number>();

  function scopeMask(name: string): number {
    const known = byScope.get(name);
    if (known !== undefined) return known;
    const mask = list.reduce((sum, { scopes }, index) => (scopes?.test(name) === true ? sum | (1 << index) : sum), 0);
    if (byScope.size < MAX_SCOPES) byScope.set(name, mask);
    return mask;
  }

  return (span) => {
    let mask = scopeMask(span.scope.name);
    for (const key of span.attributes.keys()) mask |= bits.get(key) ?? 0;
    while (mask !== 0) {
      const call = list[31 - Math.clz32(mask & -mask)]?.read(span);
      if (call !== undefined) return call ?? undefined;
      mask &= mask - 1;
    }
    return undefined;
  };
}

/** With conventions of one's own: after ours, which are certain, and before all others, which are guesses about strangers. */
export function withHouse(house: readonly HouseDialect[]): readonly Dialect[] {
  const [first, ...rest] = dialects;
  return first === undefined ? [] : [first, ...house.map(houseDialect), ...rest];
}

/** The call that a span speaks of; undefined where there is none, or no dialect recognises it. */
export const readCall: CallReader = callReader(dialects);
