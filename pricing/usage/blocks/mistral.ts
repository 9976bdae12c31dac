import { fromDisjoint, type Usage } from '../usage.ts';
import { invalid, isObject, readBlock, type BlockReading } from './block.ts';
import { readChatFields } from './openai-chat.ts';

/**
 * `usage` of Mistral's chat, embeddings and transcriptions, and `usage_info` of its OCR.
 * https://docs.mistral.ai/api/
 *
 * OpenAI's shape in either spelling, with seconds of audio beside the tokens; OCR bills pages.
 *
 * @example readMistralUsage({ pages_processed: 12, doc_size_bytes: 4096 }).usage // counts { page: 12 }
 */
export function readMistralUsage(block: unknown): BlockReading {
  const snake = snakeKeys(block);
  return readBlock(snake, (fields) => {
    if (fields.has('pages_processed') || fields.has('pages_processed_annotation')) {
      fields.ignore('doc_size_bytes');
      const annotated = fields.count('pages_processed_annotation') ?? 0;
      const pages = fields.count('pages_processed') ?? 0;
      if (annotated > pages)
        return invalid(`pages_processed_annotation (${annotated}) exceed pages_processed (${pages})`);
      return { usage: fromDisjoint({ page: pages - annotated, annotated_page: annotated }, 'reported') };
    }
    fields.ignore('request_count');
    // Older answers hold an empty object here where no audio was sent.
    const seconds = isObject(fields.raw('prompt_audio_seconds')) ? 0 : (fields.count('prompt_audio_seconds') ?? 0);
    if (!fields.has('completion_tokens')) {
      const input = fields.count('prompt_tokens');
      fields.ignore('total_tokens');
      if (input === undefined) return invalid('prompt_tokens is missing');
      return { usage: fromDisjoint({ input, audio_second: seconds }, 'reported') };
    }
    // Transcriptions count the audio in tokens as well, beside the prompt; what is billed of it are its seconds.
    const heard = fields.inner('prompt_tokens_details').count('audio_tokens') ?? 0;
    const [prompt = 0, made = 0, total] = ['prompt_tokens', 'completion_tokens', 'total_tokens'].map((key) =>
      fields.count(key),
    );
    if (seconds > 0 && heard > 0 && total === prompt + made + heard)
      return {
        usage: fromDisjoint({ input: prompt, output: made, audio_second: seconds }, 'reported'),
        audioTokens: heard,
      };
    const cached = fields.count('num_cached_tokens') ?? 0;
    return { usage: withCached(withSeconds(readChatFields(fields).usage, seconds), cached) };
  });
}

/** An older place for what the cache served. */
function withCached(usage: Usage, cached: number): Usage {
  if (usage.status !== 'known' || cached === 0 || usage.counts.cache_read !== undefined) return usage;
  return fromDisjoint({ ...usage.counts, input: (usage.counts.input ?? 0) - cached, cache_read: cached }, usage.basis);
}

function withSeconds(usage: Usage, seconds: number): Usage {
  return usage.status === 'known' ? fromDisjoint({ ...usage.counts, audio_second: seconds }, usage.basis) : usage;
}

function snakeKeys(value: unknown): unknown {
  if (!isObject(value)) return value;
  const snake = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [snake(key), snakeKeys(inner)]));
}
