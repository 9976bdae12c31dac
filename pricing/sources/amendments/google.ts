import type { ModelAmendment } from './amendment.ts';

export const googleAmendments: readonly ModelAmendment[] = [
  {
    provider: 'google',
    model: 'deepseek-ai/deepseek-v3.1-maas',
    match: [],
    context_window: 163_840,
    source: 'https://discuss.google.dev/t/new-model-api-on-vertex-ai-deepseek-v3-1/263304',
    checked: '2026-11-26',
    reason: "Google's announcement and models.dev agree; LiteLLM has the price of DeepSeek R1",
    cards: [{ rates: { input: '0.6', output: '1.7' } }],
  },
];
