import { beforeAll, describe, expect, test } from 'vitest';
import { appFile, byTask, runApp, type Ran } from './run-app.ts';

const created = 1_760_000_000;
const said = Date.parse('2025-10-09T08:00:00Z') / 1000;
const gemini = ['generate_content', 'gcp.gemini', 'gemini-2.5-flash', 'batch', 'reported', 7, 5, undefined, said];

describe('results of batches', () => {
  let plain: Ran;
  let recorded: Ran;
  beforeAll(async () => {
    plain = await runApp({ app: appFile('batches.mjs'), flags: [] });
    recorded = await runApp({ app: appFile('batches.mjs') });
  });

  test('the application sees the same', () => {
    expect(recorded.code, recorded.stderr).toBe(0);
    expect(recorded.stdout).toBe(plain.stdout);
  });

  test('each is a call at the batch tier, once, with the tags of who fetched it', () => {
    const tasks = [...byTask(recorded.spans)].map(([task, spans]) => [
      task,
      spans.map(({ attributes, start }) => [
        attributes['gen_ai.operation.name'],
        attributes['gen_ai.provider.name'],
        attributes['gen_ai.response.model'],
        attributes['spanledger.service_tier'],
        attributes['spanledger.usage.state'],
        attributes['gen_ai.usage.input_tokens'],
        attributes['gen_ai.usage.output_tokens'],
        attributes['gen_ai.usage.cache_read.input_tokens'],
        Number(start / 1_000_000_000n),
      ]),
    ]);
    expect(Object.fromEntries(tasks)).toEqual({
      results: [
        ['chat', 'openai', 'gpt-4o-2024-08-06', 'batch', 'reported', 100, 20, 40, created],
        // It does not say when it was made, so it is as old as its batch.
        ['embeddings', 'openai', 'text-embedding-3-small', 'batch', 'reported', 8, 0, undefined, created - 60],
        ['chat', 'openai', 'gpt-4.1-mini', 'batch', 'reported', 10, 5, undefined, created],
      ],
      messages: [
        ['chat', 'anthropic', 'claude-sonnet-4-5', 'batch', 'reported', 100, 7, 90, said],
        ['chat', 'anthropic', 'claude-sonnet-4-5', 'batch', 'reported', 1, 1, undefined, said],
      ],
      mistral: [['chat', 'mistral_ai', 'mistral-small-latest', 'batch', 'reported', 9, 3, undefined, created]],
      gemini: [gemini],
      geminiInline: [gemini, gemini],
    });
  });

  test('fetched again by another process they are the same spans', async () => {
    const again = await runApp({ app: appFile('batches.mjs'), args: ['byHand'] });
    const ids = ({ spans }: Ran): readonly string[] =>
      spans.map(({ traceId, spanId, attributes, start }) =>
        // The batch was not looked at there: what does not say itself when it was made is only told apart by its ids.
        [traceId, spanId, attributes['gen_ai.operation.name'] === 'embeddings' ? '' : start].join(' '),
      );
    expect(ids(again)).toHaveLength(3);
    expect(new Set(ids(recorded))).toEqual(new Set([...ids(recorded), ...ids(again)]));
    expect(ids(recorded)).toHaveLength(9);
    expect(again.spans.every(({ parentSpanId }) => parentSpanId === '')).toBe(true);
  });
});

test('every result of a large batch is delivered before the process ends, though only few calls may wait', async () => {
  const args = ['10000', 'text'];
  const { code, stdout, spans } = await runApp({ app: appFile('many-results.mjs'), args });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ lines: 10_000 });
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(10_000);
  expect(spans).toHaveLength(10_000);
});
