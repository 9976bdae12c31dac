import type { SimulatedCall, SimulatedUsage } from './behaviour.ts';

const words = (
  'the customer asked whether the invoice for this month was already sent and we found that it had gone out on the ' +
  'second day with the usual summary of calls tokens and models so nothing more is needed from them for now but the ' +
  'team will write again once the next period has closed and every figure has been compared with the provider'
).split(' ');

/** About four characters a token: near enough for a text of plausible length. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

/**
 * A text of about so many tokens; the same for the same number.
 *
 * @example countTokens(textOf(100)) // about 100
 */
export function textOf(tokens: number): string {
  const wanted = tokens * 4;
  const said: string[] = [];
  for (let length = 0, at = 0; length < wanted; at++) {
    const word = words[at % words.length] ?? '';
    said.push(at % 23 === 22 ? `${word}.` : word);
    length += word.length + 1;
  }
  return said.join(' ').slice(0, Math.max(wanted, 1)).trimEnd();
}

/** Cuts a text into so many pieces, fewer when it has fewer characters. Joined they are the text. */
export function pieces(text: string, wanted: number): readonly string[] {
  const count = Math.max(1, Math.min(wanted, text.length));
  const size = Math.ceil(text.length / count);
  return Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.slice(at * size, (at + 1) * size));
}

export interface Answer {
  readonly text: string;
  readonly pieces: readonly string[];
  readonly usage: SimulatedUsage;
}

/** What is said and what is counted: given figures first, then what the texts amount to, within `limit` output tokens. */
export function answerTo(call: SimulatedCall, prompt: unknown, limit: unknown): Answer {
  const { behaviour } = call;
  const given = behaviour.usage ?? {};
  const most = typeof limit === 'number' && limit > 0 ? limit : 60;
  const reasoning = given.reasoning ?? 0;
  const spoken =
    behaviour.text === undefined ? Math.max(1, (given.output ?? Math.min(60, most)) - reasoning) : undefined;
  const text = behaviour.text ?? textOf(spoken ?? 1);
  const usage = {
    input: given.input ?? countTokens(JSON.stringify(prompt ?? '')),
    output: given.output ?? reasoning + (spoken ?? countTokens(text)),
    cacheRead: given.cacheRead ?? 0,
    cacheWrite5m: given.cacheWrite5m ?? 0,
    cacheWrite1h: given.cacheWrite1h ?? 0,
    reasoning,
    inputAudio: given.inputAudio ?? 0,
    outputAudio: given.outputAudio ?? 0,
    webSearches: given.webSearches ?? 0,
  };
  return { text, usage, pieces: pieces(text, behaviour.chunks ?? Math.min(24, Math.ceil(text.length / 16))) };
}
