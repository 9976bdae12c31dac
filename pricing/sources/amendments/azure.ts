import type { ModelAmendment } from './amendment.ts';

/** The primary source has a router's prices of Phi, and o4-mini's cached input as the page rounds it; Llamas it has not. */
export function azureAmendments(): readonly ModelAmendment[] {
  const common = {
    provider: 'azure',
    source: 'https://azure.microsoft.com/en-us/pricing/details/phi-3/',
    checked: '2026-11-25',
    reason: 'two lists agree against the primary source, which has the prices of a router',
  };
  const swapped = {
    provider: 'azure',
    source: 'https://models.dev',
    checked: '2026-07-02',
    reason: 'LiteLLM, the other list, has an output a third of the input, which no seller of a Llama asks',
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
      ...swapped,
      model: 'Llama-4-Maverick-17B-128E-Instruct-FP8',
      match: [],
      cards: [{ rates: { input: '0.25', output: '1' } }],
    },
    {
      ...swapped,
      model: 'Meta-Llama-3-70B-Instruct',
      match: [],
      cards: [{ rates: { input: '2.68', output: '3.54' } }],
    },
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
