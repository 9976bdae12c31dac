import type { ModelAmendment } from './amendment.ts';

export const anthropicAmendments: readonly ModelAmendment[] = [
  {
    provider: 'anthropic',
    model: 'claude-haiku-5-5',
    match: ['/^claude-haiku-5-5-\\d{8}$/'],
    context_window: 1_000_000,
    uplifts: { us: '1.1' },
    source: 'https://platform.claude.com/docs/en/models/haiku-5-5/overview',
    checked: '2026-11-25',
    reason: 'newer than the lists',
    cards: [
      {
        from: '2026-10-07',
        rates: {
          input: '0.1',
          cache_read: '0.01',
          cache_write_5m: '0.125',
          cache_write_1h: '0.2',
          output: '0.5',
          web_search: '0.01',
        },
      },
      {
        from: '2026-10-07',
        above_input_tokens: 100_000,
        rates: { input: '0.5', cache_read: '0.05', cache_write_5m: '0.625', cache_write_1h: '1', output: '2.5' },
      },
    ],
  },
  {
    provider: 'anthropic',
    model: 'claude-sonnet-5-5',
    match: ['/^claude-sonnet-5-5-\\d{8}$/'],
    context_window: 1_000_000,
    uplifts: { us: '1.1' },
    source: 'https://platform.claude.com/docs/en/models/sonnet-5-5/overview',
    checked: '2026-11-25',
    reason: 'newer than the lists; cache reads were halved on 2026-10-07',
    cards: [
      {
        until: '2026-10-07',
        rates: {
          input: '2',
          cache_read: '0.2',
          cache_write_5m: '2.5',
          cache_write_1h: '4',
          output: '10',
          web_search: '0.01',
        },
      },
      {
        from: '2026-10-07',
        rates: {
          input: '2',
          cache_read: '0.1',
          cache_write_5m: '2.5',
          cache_write_1h: '4',
          output: '10',
          web_search: '0.01',
        },
      },
    ],
  },
  {
    provider: 'anthropic',
    model: 'claude-sonnet-4-0',
    match: ['claude-sonnet-4', 'claude-sonnet-4-0*', 'claude-sonnet-4-2025*', 'claude-sonnet-4@*', 'claude-4-sonnet*'],
    context_window: 200_000,
    source: 'https://platform.claude.com/docs/en/release-notes/overview',
    checked: '2026-11-25',
    reason: 'the beta of the 1M context (2025-08-12 to 2026-04-30) had its own price above 200K',
    cards: [
      {
        rates: {
          input: '3',
          cache_read: '0.3',
          cache_write_5m: '3.75',
          cache_write_1h: '6',
          output: '15',
          web_search: '0.01',
        },
      },
      {
        from: '2025-08-12',
        until: '2026-04-30',
        above_input_tokens: 200_000,
        rates: { input: '6', cache_read: '0.6', cache_write_5m: '7.5', cache_write_1h: '12', output: '22.5' },
      },
    ],
  },
];
