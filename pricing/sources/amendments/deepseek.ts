import type { CardLine } from '../provider-file.ts';
import type { ModelAmendment } from './amendment.ts';

const peak = (days: string[]): NonNullable<CardLine['schedule']> => ({
  name: 'peak',
  zone: 'Asia/Shanghai',
  days,
  windows: [
    ['09:00', '12:00'],
    ['14:00', '18:00'],
  ],
});
/** From 2026-08-23 on; public holidays as the State Council announced them for 2026. */
const workdayPeak: NonNullable<CardLine['schedule']> = {
  ...peak(['mon', 'tue', 'wed', 'thu', 'fri']),
  except: ['2026-09-25', '2026-10-01', '2026-10-02', '2026-10-05', '2026-10-06', '2026-10-07'],
};
const nightDiscount: NonNullable<CardLine['schedule']> = {
  name: 'off-peak',
  zone: 'UTC',
  days: [],
  windows: [
    ['16:30', '24:00'],
    ['00:00', '00:30'],
  ],
};

const deepseekPage = 'https://api-docs.deepseek.com/quick_start/pricing';
const flash = { input: '0.15', cache_read: '0.003', output: '0.6' };
const flashPeak = { input: '0.3', cache_read: '0.006', output: '1.2' };
/** Both aliases from V3.1 on: one price, no discount by night; V3.2 halved it; V4 answers to the old names until their end. */
const chatAndReasoner: CardLine[] = [
  {
    from: '2025-09-05T16:00:00Z',
    until: '2025-09-29',
    rates: { input: '0.56', cache_read: '0.07', output: '1.68' },
    source: 'https://api-docs.deepseek.com/news/news250821',
  },
  {
    from: '2025-09-29',
    until: '2026-04-24',
    rates: { input: '0.28', cache_read: '0.028', output: '0.42' },
    source: 'https://api-docs.deepseek.com/news/news250929',
  },
  {
    from: '2026-04-24',
    until: '2026-07-24T15:59:00Z',
    rates: { input: '0.14', cache_read: '0.0028', output: '0.28' },
    source: 'https://api-docs.deepseek.com/news/news260424',
    note: 'served by deepseek-v4-flash; the name ended at 2026-07-24T15:59Z',
  },
];
const v4Reason = 'the lists have no instants, weekdays or holidays';

export const deepseekAmendments: readonly ModelAmendment[] = [
  {
    provider: 'deepseek',
    model: 'deepseek-chat',
    match: ['deepseek-v3', 'deepseek-chat-v3-0324'],
    context_window: 128_000,
    source: deepseekPage,
    checked: '2026-11-25',
    reason: 'the lists have one price, or the windows of 2025 for all time',
    cards: [
      { until: '2025-02-08T16:00:00Z', rates: { input: '0.14', cache_read: '0.014', output: '0.28' } },
      {
        from: '2025-02-08T16:00:00Z',
        until: '2025-09-05T16:00:00Z',
        rates: { input: '0.27', cache_read: '0.07', output: '1.1' },
      },
      {
        from: '2025-02-26',
        until: '2025-09-05T16:00:00Z',
        schedule: nightDiscount,
        rates: { input: '0.135', cache_read: '0.035', output: '0.55' },
      },
      ...chatAndReasoner,
    ],
  },
  {
    provider: 'deepseek',
    model: 'deepseek-reasoner',
    match: ['deepseek-r1', 'deepseek-r1-0528'],
    context_window: 128_000,
    source: deepseekPage,
    checked: '2026-11-25',
    reason: 'the lists have one price, or the windows of 2025 for all time',
    cards: [
      {
        from: '2025-01-20',
        until: '2025-09-05T16:00:00Z',
        rates: { input: '0.55', cache_read: '0.14', output: '2.19' },
      },
      {
        from: '2025-02-26',
        until: '2025-09-05T16:00:00Z',
        schedule: nightDiscount,
        rates: { input: '0.135', cache_read: '0.035', output: '0.55' },
      },
      ...chatAndReasoner,
    ],
  },
  {
    provider: 'deepseek',
    model: 'deepseek-flash',
    match: [],
    context_window: 1_000_000,
    source: deepseekPage,
    checked: '2026-11-25',
    reason: 'newer than the lists',
    cards: [
      { from: '2026-09-09T16:00:00Z', rates: flash },
      { from: '2026-09-09T16:00:00Z', schedule: workdayPeak, rates: flashPeak },
    ],
  },
  {
    provider: 'deepseek',
    model: 'deepseek-v4-flash',
    match: ['deepseek-v4-flash-vision-exp'],
    context_window: 1_000_000,
    source: deepseekPage,
    checked: '2026-11-25',
    reason: v4Reason,
    cards: [
      {
        from: '2026-04-24',
        until: '2026-08-16T16:00:00Z',
        rates: { input: '0.14', cache_read: '0.0028', output: '0.28' },
      },
      {
        from: '2026-08-16T16:00:00Z',
        until: '2026-09-09T16:00:00Z',
        rates: { input: '0.22', cache_read: '0.007', output: '0.66' },
      },
      {
        from: '2026-08-16T16:00:00Z',
        until: '2026-08-22T16:00:00Z',
        schedule: peak([]),
        rates: { input: '0.44', cache_read: '0.014', output: '1.32' },
      },
      {
        from: '2026-08-22T16:00:00Z',
        until: '2026-09-09T16:00:00Z',
        schedule: workdayPeak,
        rates: { input: '0.44', cache_read: '0.014', output: '1.32' },
      },
      { from: '2026-09-09T16:00:00Z', rates: flash, note: 'served and billed as deepseek-flash' },
      { from: '2026-09-09T16:00:00Z', schedule: workdayPeak, rates: flashPeak },
    ],
  },
  {
    provider: 'deepseek',
    model: 'deepseek-v4-pro',
    match: [],
    context_window: 1_000_000,
    source: deepseekPage,
    checked: '2026-11-25',
    reason: v4Reason,
    cards: [
      {
        from: '2026-04-24',
        until: '2026-08-16T16:00:00Z',
        rates: { input: '0.435', cache_read: '0.003625', output: '0.87' },
      },
      { from: '2026-08-16T16:00:00Z', rates: { input: '0.66', cache_read: '0.022', output: '1.98' } },
      {
        from: '2026-08-16T16:00:00Z',
        until: '2026-08-22T16:00:00Z',
        schedule: peak([]),
        rates: { input: '1.32', cache_read: '0.044', output: '3.96' },
      },
      {
        from: '2026-08-22T16:00:00Z',
        schedule: workdayPeak,
        rates: { input: '1.32', cache_read: '0.044', output: '3.96' },
      },
    ],
  },
];
