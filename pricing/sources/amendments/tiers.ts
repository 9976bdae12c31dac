import type { TierFactor } from './amendment.ts';
import { xaiBatch } from './xai.ts';

const sol62 = ['gpt-6.2-sol*', '/^gpt-6\\.2-sol/'];
const solPage = 'https://developers.openai.com/api/docs/models/gpt-6.2-sol';
export const tierFactors: readonly TierFactor[] = [
  xaiBatch,
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
  {
    provider: 'openai',
    models: ['gpt-5.6-sol', 'gpt-5.6-terra', 'gpt-5.6-luna'],
    // Before, fast mode was not to be had for long prompts, and what it cost then is on the list's own cards.
    from: '2026-08-21',
    tier: 'priority',
    factor: '2',
    source: 'https://openai.com/api-fast-mode/',
    checked: '2026-11-25',
  },
  ...(['batch', 'flex'] as const).map((tier): TierFactor => ({
    provider: 'openai',
    models: ['gpt-5.6-sol', 'gpt-5.6-terra', 'gpt-5.6-luna', 'gpt-6-sol', 'gpt-6-luna', 'gpt-6-astra'],
    tier,
    factor: '0.5',
    source: `https://developers.openai.com/api/docs/guides/${tier === 'batch' ? 'batch' : 'flex-processing'}`,
    checked: '2026-11-25',
  })),
];
