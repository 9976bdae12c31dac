import { describe, expect, it } from 'vitest';
import { readLiteLLM } from '../../../pricing/sources/litellm.ts';
import { overlayLiteLLM } from '../../../pricing/sources/overlay.ts';
import type { CardLine, ProviderFile } from '../../../pricing/sources/provider-file.ts';

const file = (provider: string, model: string, cards: CardLine[], resells: string[] = []): ProviderFile => ({
  provider,
  name: provider,
  checked: '2026-09-01',
  sources: [],
  claims: [],
  resells,
  inherits: {},
  models: [{ model, match: [], cards }],
});

function overlaid(standing: readonly ProviderFile[], list: unknown): Map<string, ProviderFile> {
  const files = new Map(standing.map((one) => [one.provider, one]));
  overlayLiteLLM(files, readLiteLLM(JSON.stringify(list)).entries, '2026-08-01');
  return files;
}

const openai = { litellm_provider: 'openai', mode: 'chat', input_cost_per_token: 2e-6, output_cost_per_token: 8e-6 };
const plain: CardLine = { rates: { input: '2', output: '8' } };

describe('LiteLLM laid over', () => {
  it('adds tiers, thresholds, missing units and regional factors where the rates agree', () => {
    const files = overlaid(
      [file('openai', 'm', [{ ...plain }, { above_input_tokens: 271_999, rates: { input: '4', output: '12' } }])],
      {
        m: {
          ...openai,
          cache_read_input_token_cost: 5e-7,
          input_cost_per_token_priority: 3.5e-6,
          output_cost_per_token_priority: 1.4e-5,
          input_cost_per_token_above_272k_tokens_priority: 7e-6,
          regional_processing_uplift_multiplier_eu: 1.1,
        },
      },
    );
    const [model] = files.get('openai')?.models ?? [];
    expect(model?.uplifts).toEqual({ eu: '1.1' });
    expect(model?.cards.map(({ tier, above_input_tokens, rates }) => [tier, above_input_tokens, rates])).toEqual([
      [undefined, undefined, { input: '2', cache_read: '0.5', output: '8' }],
      [undefined, 271_999, { input: '4', output: '12' }],
      ['priority', undefined, { input: '3.5', output: '14' }],
      ['priority', 271_999, { input: '7' }],
    ]);
  });

  it('takes nothing where they differ', () => {
    const files = overlaid([file('openai', 'm', [{ rates: { input: '2.5', output: '8' } }])], {
      m: { ...openai, input_cost_per_token_flex: 1e-6, output_cost_per_token_flex: 4e-6 },
    });
    expect(files.get('openai')?.models[0]?.cards).toEqual([{ rates: { input: '2.5', output: '8' } }]);
  });

  it('compares the card of the day of the list, and adds to that one alone', () => {
    const cards = [
      { until: '2026-08-21', ...plain },
      { from: '2026-08-21', rates: { input: '1', output: '4' } },
    ];
    const files = overlaid([file('openai', 'm', cards)], {
      m: { ...openai, input_cost_per_token_flex: 1e-6, output_cost_per_token_flex: 4e-6 },
    });
    expect(files.get('openai')?.models[0]?.cards[2]).toMatchObject({ until: '2026-08-21', tier: 'flex' });
  });

  it('adds models and providers, with Azure’s regions; but not what is resold at the same price', () => {
    const azure = { litellm_provider: 'azure', mode: 'chat', input_cost_per_token: 2e-6, output_cost_per_token: 8e-6 };
    const files = overlaid([file('openai', 'm', [{ ...plain }]), file('azure', 'other', [plain], ['openai'])], {
      'azure/m': azure,
      'azure/n': azure,
      'azure/eu/n': { ...azure, input_cost_per_token: 2.2e-6, output_cost_per_token: 8.8e-6 },
      'deepinfra/x/y': {
        litellm_provider: 'deepinfra',
        mode: 'chat',
        input_cost_per_token: 1e-7,
        output_cost_per_token: 3e-7,
      },
    });
    expect(files.get('azure')?.models.map(({ model }) => model)).toEqual(['other', 'n']);
    expect(files.get('azure')?.models[1]?.cards.map(({ region, rates }) => [region, rates.input])).toEqual([
      [undefined, '2'],
      ['eu', '2.2'],
    ]);
    expect(files.get('deepinfra')?.models.map(({ model }) => model)).toEqual(['x/y']);
  });

  it('knows that 0 is no price, and that priority at the standard rate is a placeholder', () => {
    const { entries, left } = readLiteLLM(
      JSON.stringify({
        m: {
          ...openai,
          output_cost_per_token: 0,
          input_cost_per_token_priority: 2e-6,
          output_cost_per_token_priority: 8e-6,
        },
      }),
    );
    expect(entries[0]?.tiers.get('standard')?.get(0)).toEqual({ input: '2' });
    expect(entries[0]?.tiers.has('priority')).toBe(false);
    expect(left).toEqual([
      'm: output_cost_per_token is 0, which is no price',
      'm: priority at the standard rate, which is a placeholder',
    ]);
  });

  it('reads media by what the model does', () => {
    const { entries } = readLiteLLM(
      JSON.stringify({
        'whisper-x': { litellm_provider: 'openai', mode: 'audio_transcription', input_cost_per_second: 0.0001 },
        'tts-x': { litellm_provider: 'openai', mode: 'audio_speech', input_cost_per_character: 1.5e-5 },
        'sora-x': { litellm_provider: 'openai', mode: 'video_generation', output_cost_per_video_per_second: 0.1 },
        'perplexity/s': {
          litellm_provider: 'perplexity',
          mode: 'chat',
          search_context_cost_per_query: {
            search_context_size_low: 0.005,
            search_context_size_medium: 0.008,
            search_context_size_high: 0.012,
          },
        },
      }),
    );
    expect(entries.map(({ tiers }) => tiers.get('standard')?.get(0))).toEqual([
      { audio_second: '0.0001' },
      { character: '0.000015' },
      { video_second: '0.1' },
      { request: '0.005', request_medium: '0.008', request_high: '0.012' },
    ]);
  });
});
