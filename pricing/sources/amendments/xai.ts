import type { ModelAmendment, TierFactor } from './amendment.ts';

const page = 'https://docs.x.ai/developers/pricing';
const modelPage = 'https://docs.x.ai/developers/models/grok-4.20-0309';

/** Web and X search and code at $5, collections at $2.50 for 1,000 calls, whatever the model. */
const tools = { web_search: '0.005', file_search: '0.0025', code_session: '0.005' };

/** "Long context ≥ 200k tokens", for all tokens of the request. */
function ladder(
  short: Record<string, string>,
  long: Record<string, string>,
): { above_input_tokens?: number; rates: Record<string, string> }[] {
  return [{ rates: { ...short, ...tools } }, { above_input_tokens: 199_999, rates: { ...long, ...tools } }];
}

const grok420 = ladder(
  { input: '1.25', cache_read: '0.2', output: '2.5' },
  { input: '2.5', cache_read: '0.4', output: '5' },
);
const cut =
  'launched at $2 and $6, which LiteLLM still has; cut by July 2026 (the day was not to be found), and the page says this now';

type Of = Pick<ModelAmendment, 'model' | 'match' | 'cards'> & Partial<ModelAmendment>;
const amendment = ({ model, match, ...of }: Of): ModelAmendment => ({
  provider: 'x-ai',
  model,
  match,
  context_window: 1_000_000,
  source: page,
  checked: '2026-11-27',
  reason: cut,
  ...of,
});

export const xaiAmendments: readonly ModelAmendment[] = [
  amendment({
    model: 'grok-4.20-0309-reasoning',
    match: [
      'grok-4.20',
      'grok-4.20-0309',
      'grok-4.20-beta',
      'grok-4.20-beta-0309',
      'grok-4.20-beta-0309-reasoning',
      'grok-4.20-beta-latest',
      'grok-4.20-beta-latest-reasoning',
      'grok-4.20-beta-reasoning',
      'grok-4.20-reasoning',
      'grok-4.20-reasoning-latest',
    ],
    source: modelPage,
    cards: grok420,
  }),
  amendment({
    model: 'grok-4.20-0309-non-reasoning',
    match: ['grok-4.20-beta-0309-non-reasoning', 'grok-4.20-non-reasoning', 'grok-4.20-non-reasoning-latest'],
    cards: grok420,
  }),
  amendment({
    model: 'grok-4.20-multi-agent-0309',
    match: ['grok-4.20-multi-agent', 'grok-4.20-multi-agent-beta-0309'],
    cards: grok420,
  }),
  amendment({
    model: 'grok-4.7',
    match: ['grok-4.7-latest'],
    context_window: 500_000,
    reason: 'newer than the lists',
    cards: ladder({ input: '2', cache_read: '0.5', output: '6' }, { input: '4', cache_read: '1', output: '12' }),
  }),
];

/** "Batch API requests are billed at a 20% discount to standard rates." Other models' pages were not at hand. */
export const xaiBatch: TierFactor = {
  provider: 'x-ai',
  models: ['grok-4.20-0309*'],
  tier: 'batch',
  factor: '0.8',
  source: modelPage,
  checked: '2026-11-27',
};
