/**
 * What no list says or all say wrong, read from the providers' own pages: each with its source and the day it was checked.
 * A model here replaces the imported one; a `factor` makes another tier's cards out of the standard ones.
 */
import type { ServiceTier } from '../usage/tier.ts';
import type { Unit } from '../usage/units.ts';
import type { CardLine, ModelBlock } from './provider-file.ts';

export interface ModelAmendment extends ModelBlock {
  readonly provider: string;
  readonly source: string;
  readonly checked: string;
  /** Why the lists don't do. */
  readonly reason: string;
}

/** A tier whose token rates are a fixed multiple of the standard ones, by the provider's word. */
export interface TierFactor {
  readonly provider: string;
  /** Patterns of models; all where it is missing. */
  readonly models?: readonly string[];
  readonly tier: ServiceTier;
  readonly factor: string;
  readonly from?: string;
  readonly until?: string;
  readonly source: string;
  readonly checked: string;
}

/** Units that a provider's page prices as another one. */
export interface InheritAmendment {
  readonly provider: string;
  readonly inherits: Partial<Record<Unit, Unit>>;
  readonly source: string;
}

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

export const modelAmendments: readonly ModelAmendment[] = [
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
  ...perplexity(),
  ...azure(),
];

/** The primary source has a router's prices of Phi, and o4-mini's cached input as the page rounds it. */
function azure(): ModelAmendment[] {
  const common = {
    provider: 'azure',
    source: 'https://azure.microsoft.com/en-us/pricing/details/phi-3/',
    checked: '2026-11-25',
    reason: 'two lists agree against the primary source, which has the prices of a router',
  };
  return [
    {
      ...common,
      model: 'phi-3-medium-128k-instruct',
      match: [],
      cards: [{ rates: { input: '0.17', output: '0.68' } }],
    },
    { ...common, model: 'phi-3-mini-128k-instruct', match: [], cards: [{ rates: { input: '0.13', output: '0.52' } }] },
    { ...common, model: 'phi-4', match: [], cards: [{ rates: { input: '0.125', output: '0.5' } }] },
    {
      ...common,
      model: 'o4-mini',
      match: ['*o4-mini*'],
      source: 'https://azure.microsoft.com/en-us/pricing/details/cognitive-services/openai-service/',
      reason: 'the page rounds cached input to two digits; a quarter of input is what two lists and OpenAI have',
      cards: [{ rates: { input: '1.1', cache_read: '0.275', output: '4.4' } }],
    },
  ];
}

/** The fee of a request grows with the width of its search; the primary source has the widest alone. */
function perplexity(): ModelAmendment[] {
  const common = {
    provider: 'perplexity',
    match: [],
    source: 'https://docs.perplexity.ai/docs/getting-started/pricing',
    checked: '2026-11-25',
    reason: 'the fee of a request grows with the width of its search; the primary source has the widest alone',
  };
  const narrow = { request: '0.005', request_medium: '0.008', request_high: '0.012' };
  const wide = { request: '0.006', request_medium: '0.01', request_high: '0.014' };
  return [
    { ...common, model: 'sonar', cards: [{ rates: { input: '1', output: '1', ...narrow } }] },
    { ...common, model: 'sonar-pro', cards: [{ rates: { input: '3', output: '15', ...wide } }] },
    { ...common, model: 'sonar-reasoning', cards: [{ rates: { input: '1', output: '5', ...narrow } }] },
    { ...common, model: 'sonar-reasoning-pro', cards: [{ rates: { input: '2', output: '8', ...wide } }] },
    {
      ...common,
      model: 'sonar-deep-research',
      cards: [{ rates: { input: '2', output: '8', reasoning: '3', citation: '2', web_search: '0.005' } }],
    },
  ];
}

const sol62 = ['gpt-6.2-sol*', '/^gpt-6\\.2-sol/'];
const solPage = 'https://developers.openai.com/api/docs/models/gpt-6.2-sol';
export const tierFactors: readonly TierFactor[] = [
  {
    provider: 'anthropic',
    tier: 'batch',
    factor: '0.5',
    source: 'https://platform.claude.com/docs/en/build-with-claude/batch-processing',
    checked: '2026-11-25',
  },
  { provider: 'openai', models: sol62, tier: 'batch', factor: '0.5', source: solPage, checked: '2026-11-25' },
  { provider: 'openai', models: sol62, tier: 'priority', factor: '2', source: solPage, checked: '2026-11-25' },
  {
    provider: 'openai',
    models: sol62,
    tier: 'ultrafast',
    factor: '3',
    until: '2027-03-01',
    source: solPage,
    checked: '2026-11-25',
  },
  {
    provider: 'openai',
    models: sol62,
    tier: 'ultrafast',
    factor: '6',
    from: '2027-03-01',
    source: solPage,
    checked: '2026-11-25',
  },
  ...(['flex', 'batch'] as const).map((tier) => ({
    provider: 'openai',
    models: ['gpt-6.1-sol'],
    tier,
    factor: '0.5',
    source: 'https://developers.openai.com/api/docs/models/gpt-6.1-sol',
    checked: '2026-11-25',
  })),
  {
    provider: 'openai',
    models: ['gpt-6.1-sol'],
    tier: 'priority',
    factor: '2',
    source: 'https://developers.openai.com/api/docs/models/gpt-6.1-sol',
    checked: '2026-11-25',
  },
];

export const inheritAmendments: readonly InheritAmendment[] = [
  {
    provider: 'google',
    // One price for "text / image / video" wherever the page names no other.
    inherits: {
      input_image: 'input',
      input_video: 'input',
      cache_read_image: 'cache_read',
      cache_read_video: 'cache_read',
    },
    source: 'https://ai.google.dev/gemini-api/docs/pricing',
  },
  {
    provider: 'openai',
    // Images sent to a chat model are counted in tokens and priced as its input.
    inherits: { input_image: 'input', cache_read_image: 'cache_read' },
    source: 'https://developers.openai.com/api/docs/guides/images-vision',
  },
];
