import { beforeAll, describe, expect, test } from 'vitest';
import { appFile, byTask, runApp, type Ran } from './run-app.ts';

/** One span each: provider, state and counts; undefined where there is none. */
const expected: Readonly<Record<string, readonly unknown[] | undefined>> = {
  json: ['openai', 'reported', 12, 60],
  text: ['openai', 'reported', 12, 60],
  bytes: ['openai', 'reported', 12, 60],
  request: ['openai', 'reported', 12, 60],
  response: ['openai', 'reported', 12, 60],
  stream: ['openai', 'reported', 12, 60],
  reader: ['openai', 'incomplete', 5, 0],
  tee: ['openai', 'reported', 12, 60],
  piped: ['openai', 'reported', 12, 60],
  responses: ['openai', 'reported', 1, 60],
  anthropic: ['anthropic', 'reported', 14, 60],
  anthropicStream: ['anthropic', 'reported', 14, 60],
  compatible: ['openai', 'reported', 12, 60],
  refused: ['openai', 'absent', undefined, undefined, '429', 429],
  unreachable: ['openai', 'absent', undefined, undefined, 'TypeError'],
  aborted: ['openai', 'absent', undefined, undefined, 'AbortError'],
  get: undefined,
  ownResponses: undefined,
  ownMessages: undefined,
  noBody: undefined,
};

describe('requests without a client library', () => {
  let plain: Ran;
  let recorded: Ran;
  beforeAll(async () => {
    plain = await runApp({ app: appFile('fetch.mjs'), flags: [] });
    recorded = await runApp({ app: appFile('fetch.mjs') });
  });

  test('the application sees the same', () => {
    expect(recorded.code).toBe(0);
    expect(recorded.stdout).toBe(plain.stdout);
    expect(recorded.requests.map(({ body }) => body)).toEqual(plain.requests.map(({ body }) => body));
  });

  test('each call of a model is one span, other requests are none', () => {
    const spans = byTask(recorded.spans);
    for (const [shape, figures] of Object.entries(expected)) {
      const found = (spans.get(shape) ?? []).map(({ attributes }) => {
        const all = [
          attributes['gen_ai.provider.name'],
          attributes['spanledger.usage.state'],
          attributes['gen_ai.usage.input_tokens'],
          attributes['gen_ai.usage.output_tokens'],
          attributes['error.type'],
          attributes['http.response.status_code'],
        ];
        return all.slice(0, all.findLastIndex((value) => value !== undefined) + 1);
      });
      expect(found, shape).toEqual(figures === undefined ? [] : [figures]);
    }
  });
});
