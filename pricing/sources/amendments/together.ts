import type { ModelAmendment } from './amendment.ts';

export const togetherAmendments: readonly ModelAmendment[] = [
  {
    provider: 'together',
    model: 'Qwen/Qwen3-235B-A22B-Instruct-2507-tput',
    match: [],
    context_window: 262_144,
    source: 'https://models.dev',
    checked: '2026-07-02',
    reason: 'LiteLLM has an output of 6, thirty times its input: a slip of one digit beside 0.6',
    cards: [{ rates: { input: '0.2', output: '0.6' } }],
  },
];
