import type { ModelAmendment } from './amendment.ts';

/** The fee of a request grows with the width of its search; the primary source has the widest alone. */
export function perplexityAmendments(): readonly ModelAmendment[] {
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
