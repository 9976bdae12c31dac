import type { ModelAmendment } from './amendment.ts';

export const openaiAmendments: readonly ModelAmendment[] = [
  {
    provider: 'openai',
    model: 'gpt-4o',
    match: [],
    context_window: 128_000,
    source: 'https://developers.openai.com/api/docs/deprecations',
    checked: '2026-11-25',
    reason:
      'the alias meant gpt-4o-2024-05-13 at its launch price until 2024-10-02; the lists have the later price alone',
    cards: [
      {
        from: '2024-05-13',
        until: '2024-10-02',
        rates: { input: '5', output: '15' },
        note: 'the alias meant gpt-4o-2024-05-13',
      },
      {
        from: '2024-10-02',
        rates: { input: '2.5', cache_read: '1.25', output: '10', web_search: '0.01', file_search: '0.0025' },
      },
    ],
  },
  {
    provider: 'openai',
    model: 'gpt-4o-2024-08-06',
    match: ['gpt-4o-2024-11-20'],
    context_window: 128_000,
    source: 'https://developers.openai.com/api/docs/pricing',
    checked: '2026-11-25',
    reason: 'split from the alias, which has another history',
    cards: [{ rates: { input: '2.5', cache_read: '1.25', output: '10', web_search: '0.01', file_search: '0.0025' } }],
  },
  {
    provider: 'openai',
    model: 'o3',
    match: ['o3-2025-04-16'],
    context_window: 200_000,
    source: 'https://openai.com/index/introducing-o3-and-o4-mini/',
    checked: '2026-11-25',
    reason: 'cached input was $2.50 at launch; the cut of 2025-06-10 made it $0.50',
    cards: [
      {
        from: '2025-04-16',
        until: '2025-06-10',
        rates: { input: '10', cache_read: '2.5', output: '40', web_search: '0.01', file_search: '0.0025' },
      },
      {
        from: '2025-06-10',
        rates: { input: '2', cache_read: '0.5', output: '8', web_search: '0.01', file_search: '0.0025' },
      },
    ],
  },
  {
    provider: 'openai',
    model: 'o1-mini',
    match: ['o1-mini-2024-09-12'],
    context_window: 128_000,
    source: 'https://github.com/RooCodeInc/Roo-Code/pull/711',
    checked: '2026-11-26',
    reason: 'the lists have the price since the launch of o3-mini alone; at its own launch it was $3 and $12',
    cards: [
      { from: '2024-09-12', until: '2025-01-31', rates: { input: '3', cache_read: '1.5', output: '12' } },
      { from: '2025-01-31', rates: { input: '1.1', cache_read: '0.55', output: '4.4' } },
    ],
  },
  {
    provider: 'openai',
    model: 'gpt-6.1-sol',
    match: ['/^gpt-6\\.1-sol-\\d{4}-\\d{2}-\\d{2}$/'],
    context_window: 1_050_000,
    source: 'https://developers.openai.com/api/docs/models/gpt-6.1-sol',
    checked: '2026-11-25',
    reason: 'newer than the lists',
    cards: [
      { from: '2026-09-29', rates: { input: '2', cache_read: '0.1', cache_write: '2.5', output: '10' } },
      {
        from: '2026-09-29',
        above_input_tokens: 272_000,
        rates: { input: '4', cache_read: '0.2', cache_write: '5', output: '15' },
      },
    ],
  },
  {
    provider: 'openai',
    model: 'gpt-6.2-sol',
    match: ['/^gpt-6\\.2-sol-\\d{4}-\\d{2}-\\d{2}$/'],
    context_window: 1_050_000,
    source: 'https://developers.openai.com/api/docs/models/gpt-6.2-sol',
    checked: '2026-11-25',
    reason: 'newer than the lists',
    cards: [
      { rates: { input: '2', cache_read: '0.1', cache_write: '2.5', cache_write_12h: '5', output: '10' } },
      {
        above_input_tokens: 272_000,
        rates: { input: '4', cache_read: '0.2', cache_write: '5', output: '15' },
        note: 'the page gives the price of twelve-hour writes for short prompts alone',
      },
    ],
  },
  ...(['gpt-image-1', 'gpt-image-1-mini', 'gpt-image-2'] as const).map((model): ModelAmendment => ({
    provider: 'openai',
    model,
    match: model === 'gpt-image-2' ? ['gpt-image-2-2026-04-21'] : [],
    source: 'https://developers.openai.com/api/docs/pricing',
    checked: '2026-11-25',
    reason: 'what these models put out is images: the page prices image output, and no text output',
    cards: [
      {
        rates: {
          'gpt-image-1': {
            input: '5',
            cache_read: '1.25',
            input_image: '10',
            cache_read_image: '2.5',
            output_image: '40',
          },
          'gpt-image-1-mini': {
            input: '2',
            cache_read: '0.2',
            input_image: '2.5',
            cache_read_image: '0.25',
            output_image: '8',
          },
          'gpt-image-2': {
            input: '5',
            cache_read: '1.25',
            input_image: '8',
            cache_read_image: '2',
            output_image: '30',
          },
        }[model],
      },
    ],
  })),
];
