import { providerOf } from '../provider.ts';
import { anthropicMessages } from './anthropic-messages.ts';
import type { WireApi } from './api.ts';
import { cohereChat, cohereEmbeddings, cohereRerank } from './cohere.ts';
import { geminiContent, geminiEmbeddings, geminiInteractions } from './gemini.ts';
import { mistralOcr } from './ocr.ts';
import { ollamaChat, ollamaEmbeddings, ollamaGenerate } from './ollama.ts';
import { openaiSpeech, openaiTranscriptions } from './openai-audio.ts';
import { openaiChat, openaiCompletions } from './openai-chat.ts';
import { openaiEmbeddings } from './openai-embeddings.ts';
import { openaiImages } from './openai-images.ts';
import { openaiResponses } from './openai-responses.ts';
import { replicatePredictions } from './replicate.ts';
import { rerank } from './rerank.ts';

interface Entry {
  /** Matched against the end of the path, because hosts put prefixes before it. */
  readonly path: RegExp;
  readonly api: WireApi;
  /** Only these providers mean it. */
  readonly only?: readonly string[];
  /** The path says enough: it means this API on hosts that nobody knows too. */
  readonly anywhere?: true;
}

const google = ['gcp.gemini', 'gcp.vertex_ai'];

/** Tried in order. To add a wire API: its file and a line here. */
export const apis: readonly Entry[] = [
  { path: /\/chat\/completions$/, api: openaiChat, anywhere: true },
  { path: /\/v1\/(chat|generate)$|\/v2\/chat$/, api: cohereChat, only: ['cohere'] },
  { path: /\/v[12]\/embed$/, api: cohereEmbeddings, only: ['cohere'] },
  { path: /\/v[12]\/rerank$/, api: cohereRerank, only: ['cohere'] },
  { path: /\/rerank$/, api: rerank },
  { path: /\/completions$/, api: openaiCompletions },
  { path: /\/responses$/, api: openaiResponses },
  { path: /\/embeddings$/, api: ollamaEmbeddings, only: ['ollama'] },
  { path: /\/embeddings$/, api: openaiEmbeddings },
  { path: /\/images\/(generations|edits|variations)$/, api: openaiImages },
  { path: /\/audio\/(transcriptions|translations)$/, api: openaiTranscriptions },
  { path: /\/audio\/speech$/, api: openaiSpeech },
  { path: /\/v1\/ocr$/, api: mistralOcr, only: ['mistral_ai'] },
  { path: /\/v1\/messages$/, api: anthropicMessages, anywhere: true },
  { path: /\/publishers\/anthropic\/models\/[^/]+:(rawPredict|streamRawPredict)$/, api: anthropicMessages },
  { path: /\/models\/[^/]+:(generateContent|streamGenerateContent)$/, api: geminiContent, anywhere: true },
  { path: /\/models\/[^/]+:(embedContent|batchEmbedContents|predict)$/, api: geminiEmbeddings, only: google },
  { path: /\/interactions$/, api: geminiInteractions, only: google },
  { path: /\/api\/chat$/, api: ollamaChat, only: ['ollama'] },
  { path: /\/api\/generate$/, api: ollamaGenerate, only: ['ollama'] },
  { path: /\/predictions$/, api: replicatePredictions, only: ['replicate'] },
  { path: /\/api\/embed$/, api: ollamaEmbeddings, only: ['ollama'] },
];

/** The wire API of a request that a client library sends; undefined where it is not one that is billed and known. */
export function apiOf(method: string, path: string, provider?: string): WireApi | undefined {
  if (method !== 'post' && method.toLowerCase() !== 'post') return undefined;
  const known = byPath.get(path);
  if (known !== undefined && provider === undefined) return known;
  const end = path.search(/[?#]/);
  const api = entryOf(end < 0 ? path : path.slice(0, end), provider)?.api;
  if (api !== undefined && provider === undefined && byPath.size < 1000) byPath.set(path, api);
  return api;
}
/** The few paths that a process calls. */
const byPath = new Map<string, WireApi>();

/**
 * The wire API of a POST by its address alone, and who is called. Paths are words that anybody may use, so a host that is
 * not known must have one that says enough. `caller` is the provider of the client library that sends it, where known.
 */
export function apiOfUrl(
  url: URL,
  caller: string | undefined,
): { readonly api: WireApi; readonly provider: string } | undefined {
  const provider = providerOf(url.hostname) ?? caller ?? (isOllama(url) ? 'ollama' : undefined);
  const entry = entryOf(url.pathname, provider);
  if (entry === undefined || (provider === undefined && entry.anywhere !== true)) return undefined;
  return { api: entry.api, provider: provider ?? entry.api.name.replace(/-.*/, '') };
}

function entryOf(path: string, provider: string | undefined): Entry | undefined {
  return apis.find(
    (entry) => entry.path.test(path) && (entry.only === undefined || entry.only.includes(provider ?? '')),
  );
}

function isOllama(url: URL): boolean {
  return url.port === '11434' || url.hostname === 'ollama.com';
}
