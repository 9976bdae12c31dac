import { beforeAll, describe, expect, test } from 'vitest';
import { readCall } from '../../processor/dialects/index.ts';
import { makeSpan } from '../support/span.ts';
import { appFile, byTask, runApp, type Ran } from './run-app.ts';

/** Input without the cache, cache, output, and what is told apart by its modality. */
const spoken = [
  'openai',
  'gpt-realtime',
  'reported',
  { input: 55, cache_read: 64, output: 30, input_audio: 13, output_audio: 91 },
];
const gemini = (input: number): readonly unknown[] => [
  'gcp.gemini',
  'gemini-2.5-flash-native-audio',
  'reported',
  { input: input - 200, output: 40, reasoning: 100, input_audio: 200 },
];

describe('models that are spoken with through sockets', () => {
  let plain: Ran;
  let recorded: Ran;
  beforeAll(async () => {
    plain = await runApp({ app: appFile('realtime.mjs'), flags: [] });
    recorded = await runApp({ app: appFile('realtime.mjs') });
  });

  test('the application sees the same', () => {
    expect(recorded.code, recorded.stderr).toBe(0);
    expect(recorded.stdout).toBe(plain.stdout);
    expect(recorded.stderr).not.toMatch(/spanledger: ws /);
  });

  test('each answer is one call, with the usage that the provider tells', () => {
    const calls = [...byTask(recorded.spans)].map(([task, spans]) => [
      task,
      spans.map(({ attributes, scope }) => {
        const call = readCall(
          makeSpan({ scope: scope.name, attributes: attributes as Readonly<Record<string, string | number>> }),
        );
        const { usage } = call ?? {};
        return [call?.provider, call?.model, call?.usageState, usage?.status === 'known' ? usage.counts : undefined];
      }),
    ]);
    const responses = ['openai', 'gpt-4o-2024', 'reported', { input: 10, output: 5 }];
    expect(Object.fromEntries(calls)).toEqual({
      ws: [spoken],
      cancelled: [spoken],
      // What it cost is not known, and not nothing.
      hungUp: [['openai', 'gpt-realtime', 'absent', undefined]],
      transcribed: [['openai', 'whisper-1', 'reported', { audio_second: 4 }], spoken],
      own: [spoken],
      watchedTwice: [spoken],
      responses: [responses, responses],
      responsesFailed: [['openai', 'gpt-4o-2024', 'incomplete', expect.anything()]],
      gemini: [gemini(500), gemini(700)],
      geminiOwn: [gemini(500), gemini(700)],
    });
  });

  test('keys in addresses are not told', () => {
    expect(JSON.stringify(recorded.spans.map(({ attributes }) => attributes))).not.toContain('secret');
  });
});
