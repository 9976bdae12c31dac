import type { ModelAmendment } from './amendment.ts';

export const groqAmendments: readonly ModelAmendment[] = [
  {
    provider: 'groq',
    model: 'openai/gpt-oss-safeguard-20b',
    match: ['gpt-oss-safeguard-20b'],
    context_window: 131_072,
    source: 'https://groq.com/pricing',
    checked: '2026-08-01',
    reason: 'LiteLLM and models.dev agree; our source has it with gpt-oss-120b, which is another model',
    cards: [{ rates: { input: '0.075', cache_read: '0.037', output: '0.3' } }],
  },
];
