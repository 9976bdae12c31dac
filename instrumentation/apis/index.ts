import { anthropicMessages } from './anthropic-messages.ts';
import type { WireApi } from './api.ts';
import { openaiSpeech, openaiTranscriptions } from './openai-audio.ts';
import { openaiChat, openaiCompletions } from './openai-chat.ts';
import { openaiEmbeddings } from './openai-embeddings.ts';
import { openaiImages } from './openai-images.ts';
import { openaiResponses } from './openai-responses.ts';

/** To add a wire API: its file and a line here. Matched against the end of the path, because hosts put prefixes before it. */
const apis: readonly (readonly [path: RegExp, api: WireApi])[] = [
  [/\/chat\/completions$/, openaiChat],
  [/\/completions$/, openaiCompletions],
  [/\/responses$/, openaiResponses],
  [/\/embeddings$/, openaiEmbeddings],
  [/\/images\/(generations|edits|variations)$/, openaiImages],
  [/\/audio\/(transcriptions|translations)$/, openaiTranscriptions],
  [/\/audio\/speech$/, openaiSpeech],
  [/\/messages$/, anthropicMessages],
];

/** The wire API of a request; undefined where it is not one that is billed and known. */
export function apiOf(method: string, path: string): WireApi | undefined {
  if (method.toLowerCase() !== 'post') return undefined;
  const end = path.search(/[?#]/);
  const plain = end < 0 ? path : path.slice(0, end);
  return apis.find(([pattern]) => pattern.test(plain))?.[1];
}
