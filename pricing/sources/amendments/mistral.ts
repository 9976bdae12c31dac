import type { ModelAmendment } from './amendment.ts';

export const mistralAmendments: readonly ModelAmendment[] = [
  {
    provider: 'mistral',
    model: 'mistral-large-latest',
    match: [],
    context_window: 262_144,
    source: 'https://docs.mistral.ai/models/mistral-large-3-25-12',
    checked: '2026-08-01',
    reason:
      'the alias means mistral-large-2512 since it came out, as LiteLLM and models.dev say; our source has it with the version before',
    cards: [
      { until: '2025-12-02', rates: { input: '2', output: '6' }, note: 'the alias meant mistral-large-2411' },
      { from: '2025-12-02', rates: { input: '0.5', cache_read: '0.05', output: '1.5' } },
    ],
  },
];
