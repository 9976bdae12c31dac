import { matches } from '../../pricing/pattern.ts';

/**
 * Models that have a rate card, because they were used, and that nobody can move to: their makers have retired them, or never
 * served them under this name. Rate cards say what a model cost, not whether it is still there. Patterns as in rate cards.
 */
const gone: Readonly<Record<string, readonly string[]>> = {
  // https://platform.claude.com/docs/en/about-claude/model-deprecations
  anthropic: [
    'claude-v*',
    'claude-1*',
    'claude-2*',
    'claude-instant*',
    'claude-3-*',
    'claude-*-4-0',
    'claude-opus-4-1*',
  ],
  // https://developers.openai.com/api/docs/deprecations; gpt-oss is served by others
  openai: [
    'ada*',
    'babbage*',
    'curie*',
    'davinci*',
    'text-*',
    'code-*',
    'gpt-3.5*',
    'gpt-4-*',
    'gpt-4.5*',
    'o1-mini*',
    'o1-preview*',
    'chatgpt-*',
    'gpt-oss-*',
  ],
  // https://ai.google.dev/gemini-api/docs/deprecations
  google: ['gemini-1*', 'gemini-pro*', 'gemini-2.0*', 'palm*', '*-bison*', '*-preview*', '*-exp*'],
};

/** Made for something else than text in and text out, or an account's own. */
const special =
  /(^|[^a-z])(audio|realtime|transcribe|tts|image|vision|search|moderation|embed(ding)?s?|instruct|guard|safeguard|deep-research|computer-use|live|ft|codex)([^a-z]|$)/i;

/**
 * Whether a model of the rate cards may be proposed for text.
 *
 * @example isOffered('openai', 'gpt-4.1-nano') // true
 * @example isOffered('anthropic', 'claude-3-haiku') // false
 */
export function isOffered(provider: string, model: string): boolean {
  return !special.test(model) && !matches(gone[provider] ?? [], model);
}
