import { readAnthropicMessagesUsage } from '../../pricing/usage/blocks/index.ts';
import type { Counts } from '../../pricing/usage/usage.ts';
import { countOf, isJson, textOf, type Json } from './api.ts';

/** What one model was used for between two results of an agent. */
export interface AgentUsage {
  readonly model: string;
  readonly usage: Counts;
}

type Totals = Readonly<Record<string, number>>;

/**
 * Reads the results of one session of the Claude Agent SDK. `modelUsage` is cumulative: every result carries the running
 * total of the session, so only what a result has more than the one before it is new. A session that was cleared begins
 * again at nothing. https://docs.claude.com/en/api/agent-sdk/cost-tracking
 *
 * @example
 * const read = readAgentResults();
 * read({ modelUsage: { 'claude-haiku-4-5': { inputTokens: 10, outputTokens: 5 } } }); // 10 and 5
 * read({ modelUsage: { 'claude-haiku-4-5': { inputTokens: 30, outputTokens: 9 } } }); // 20 and 4
 */
export function readAgentResults(): (result: Json) => readonly AgentUsage[] {
  let before = new Map<string, Totals>();
  return ({ modelUsage }) => {
    if (!isJson(modelUsage)) return [];
    const now = new Map<string, Totals>();
    for (const [model, totals] of Object.entries(modelUsage)) if (isJson(totals)) now.set(model, countsOf(totals));
    const started = [...before].every(([model, totals]) => !isLess(now.get(model), totals)) ? before : new Map();
    before = now;
    return [...now].flatMap(([model, totals]) => {
      const counts = difference(totals, started.get(model) as Totals | undefined);
      // The size of the context window is written behind the name.
      const name = model.replace(/\[.*\]$/, '');
      return Object.keys(counts).length === 0 ? [] : [{ model: name, usage: counts }];
    });
  };
}

/** What one message of the model says of itself: all that there is where no result came. Its output has only begun. */
export function readAgentMessage(message: unknown): (AgentUsage & { readonly id: string }) | undefined {
  if (!isJson(message)) return undefined;
  const [id, model] = [textOf(message['id']), textOf(message['model'])];
  const { usage } = readAnthropicMessagesUsage(message['usage']);
  if (id === undefined || model === undefined || usage.status !== 'known') return undefined;
  return { id, model, usage: usage.counts };
}

function countsOf(totals: Json): Totals {
  const count = (key: string): number => countOf(totals[key]) ?? 0;
  const [written, minutes, hour] = [
    count('cacheCreationInputTokens'),
    count('cacheCreationEphemeral5mInputTokens'),
    count('cacheCreationEphemeral1hInputTokens'),
  ];
  const [output, thought] = [count('outputTokens'), count('thinkingTokens')];
  return {
    input: count('inputTokens'),
    cache_read: count('cacheReadInputTokens'),
    cache_write_5m: minutes,
    cache_write_1h: hour,
    cache_write: written - minutes - hour,
    output: output - thought,
    reasoning: thought,
    web_search: count('webSearchRequests'),
  };
}

function isLess(now: Totals | undefined, before: Totals): boolean {
  return Object.entries(before).some(([unit, count]) => (now?.[unit] ?? 0) < count);
}

function difference(now: Totals, before: Totals | undefined): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [unit, count] of Object.entries(now)) {
    const more = count - (before?.[unit] ?? 0);
    if (more !== 0) counts[unit] = more;
  }
  return counts;
}
