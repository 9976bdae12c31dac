import { beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '../../instrumentation/apis/api.ts';
import { StreamedMessage } from '../../instrumentation/apis/deltas.ts';
import { answerMessages, requestMessages } from '../../instrumentation/apis/messages.ts';
import { contentOf } from '../../instrumentation/content.ts';
import { readSettings } from '../../instrumentation/settings.ts';
import { appFile, runApp, type Ran } from './run-app.ts';

const name = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';
const text = (content: string): object => ({ type: 'text', content });
const said = (role: string, ...parts: readonly object[]): object => ({ role, parts });

test.each([
  [undefined, undefined],
  ['', undefined],
  ['false', undefined],
  ['NO_CONTENT', undefined],
  ['true', { span: true, event: false }],
  ['SPAN_ONLY', { span: true, event: false }],
  ['event_only', { span: false, event: true }],
  ['Span_And_Event', { span: true, event: true }],
])('the variable as %s', (value, content) => {
  const settings = readSettings(value === undefined ? {} : { [name]: value });
  expect(settings).toMatchObject({ content, mistakes: [] });
});

test('what the variable cannot mean captures nothing and is told', () => {
  const { content, mistakes } = readSettings({ [name]: 'yes' });
  expect(content).toBeUndefined();
  expect(mistakes).toEqual([
    expect.stringMatching(/^OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT is not one of true, /),
  ]);
});

describe('in an application', () => {
  const messagesOf = ({ attributes }: Ran['spans'][number]): readonly unknown[] =>
    ['gen_ai.system_instructions', 'gen_ai.input.messages', 'gen_ai.output.messages'].map((key) =>
      attributes[key] === undefined ? undefined : (JSON.parse(attributes[key] as string) as unknown),
    );
  let off: Ran;
  let on: Ran;
  beforeAll(async () => {
    off = await runApp({ app: appFile('app.mjs') });
    on = await runApp({ app: appFile('app.mjs'), env: { [name]: 'span_and_event' } });
  });

  test('nothing of it, unless asked for', () => {
    const all = JSON.stringify(
      off.spans.map(({ attributes, events, resource }) => [attributes, events.length, resource]),
    );
    expect(all).not.toMatch(/the sea|messages/);
  });

  test('asked for, what was said stands on the span and in an event of it, and nowhere else', () => {
    const question = [said('user', text('Tell me of the sea'))];
    const answer = (reason: string): unknown => [
      { role: 'assistant', parts: [text(expect.any(String) as string)], finish_reason: reason },
    ];
    const streamed = [said('assistant', text(expect.any(String) as string))];
    expect(on.spans.map(messagesOf)).toEqual([
      [undefined, question, answer('stop')],
      [undefined, question, streamed],
      [undefined, question, [said('assistant', text(expect.any(String) as string))]],
      [undefined, undefined, undefined],
      [undefined, question, answer('end_turn')],
      [undefined, question, streamed],
    ]);
    expect(on.spans.map(({ events }) => events.length)).toEqual([1, 1, 1, 0, 1, 1]);
    expect(on.spans[0]?.events[0]).toMatchObject({ name: 'gen_ai.client.inference.operation.details' });
    expect(on.stdout + on.stderr).not.toContain('sea');
  });
});

const call = { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } };
const called = (given: unknown): object => ({ type: 'tool_call', id: 'c1', name: 'weather', arguments: given });
const answered = { type: 'tool_call_response', id: 'c1', response: 'sunny' };

test.each<[name: string, body: Json, system: readonly object[], input: readonly object[]]>([
  ['a prompt', { prompt: 'Hello' }, [], [said('user', text('Hello'))]],
  [
    'chat',
    {
      messages: [
        { role: 'system', content: 'Be kind' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'See' },
            { type: 'image_url', image_url: { url: 'https://x/secret' } },
          ],
        },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'c1', content: 'sunny' },
      ],
    },
    [],
    [
      said('system', text('Be kind')),
      said('user', text('See'), { type: 'blob', modality: 'image' }),
      said('assistant', called('{"city":"Rome"}')),
      said('tool', answered),
    ],
  ],
  [
    'messages of Anthropic',
    {
      system: [{ type: 'text', text: 'Be kind' }],
      messages: [
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 's' },
            { type: 'tool_use', id: 'c1', name: 'weather', input: { city: 'Rome' } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'c1', content: 'sunny' },
            { type: 'document', source: { data: 'AAAA' } },
          ],
        },
      ],
    },
    [text('Be kind')],
    [
      said('assistant', { type: 'reasoning', content: 'hm' }, called({ city: 'Rome' })),
      said('user', answered, { type: 'blob', modality: 'document' }),
    ],
  ],
  [
    'responses',
    {
      instructions: 'Be kind',
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'Hello' },
            { type: 'input_image', image_url: 'data:AAAA' },
          ],
        },
        { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c1', output: 'sunny' },
      ],
    },
    [text('Be kind')],
    [
      said('user', text('Hello'), { type: 'blob', modality: 'image' }),
      said('assistant', called('{}')),
      said('tool', answered),
    ],
  ],
  [
    'contents of Gemini',
    {
      systemInstruction: { parts: [{ text: 'Be kind' }] },
      contents: [
        { role: 'user', parts: [{ text: 'Hello' }, { inlineData: { mimeType: 'image/png', data: 'AAAA' } }] },
        { role: 'model', parts: [{ functionCall: { name: 'weather', args: { city: 'Rome' } } }] },
      ],
    },
    [text('Be kind')],
    [
      said('user', text('Hello'), { type: 'blob', modality: 'document' }),
      said('assistant', { type: 'tool_call', name: 'weather', arguments: { city: 'Rome' } }),
    ],
  ],
  [
    'Converse',
    {
      system: [{ text: 'Be kind' }],
      messages: [{ role: 'user', content: [{ toolResult: { toolUseId: 'c1', content: 'sunny' } }] }],
    },
    [text('Be kind')],
    [said('user', answered)],
  ],
])('what is asked: %s', (_name, body, system, input) => {
  expect(requestMessages(body)).toEqual({ system, input });
});

test.each<[name: string, body: Json, messages: readonly object[]]>([
  [
    'chat',
    { choices: [{ message: { role: 'assistant', content: null, tool_calls: [call] }, finish_reason: 'tool_calls' }] },
    [{ ...said('assistant', called('{"city":"Rome"}')), finish_reason: 'tool_calls' }],
  ],
  [
    'a completion',
    { choices: [{ text: 'Hello', finish_reason: 'length' }] },
    [{ ...said('assistant', text('Hello')), finish_reason: 'length' }],
  ],
  [
    'Gemini',
    {
      candidates: [
        { content: { role: 'model', parts: [{ text: 'hm', thought: true }, { text: 'Hello' }] }, finishReason: 'STOP' },
      ],
    },
    [{ ...said('assistant', { type: 'reasoning', content: 'hm' }, text('Hello')), finish_reason: 'stop' }],
  ],
  [
    'responses',
    {
      output: [
        { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello' }] },
      ],
    },
    [said('assistant', { type: 'reasoning', content: 'hm' }), said('assistant', text('Hello'))],
  ],
  [
    'Converse',
    { output: { message: { role: 'assistant', content: [{ text: 'Hello' }] } }, stopReason: 'end_turn' },
    [{ ...said('assistant', text('Hello')), finish_reason: 'end_turn' }],
  ],
  [
    'Ollama',
    { message: { role: 'assistant', content: 'Hello' }, done_reason: 'stop' },
    [{ ...said('assistant', text('Hello')), finish_reason: 'stop' }],
  ],
  ['nothing', { data: [] }, []],
])('what is answered: %s', (_name, body, messages) => {
  expect(answerMessages(body)).toEqual(messages);
});

test.each<[name: string, events: readonly Json[], messages: readonly object[]]>([
  [
    'chat',
    [
      { choices: [{ index: 0, delta: { role: 'assistant', content: 'He' } }] },
      { choices: [{ index: 0, delta: { content: 'llo' } }] },
      {
        choices: [
          {
            index: 0,
            delta: { tool_calls: [{ index: 0, id: 'c1', function: { name: 'weather', arguments: '{"city"' } }] },
          },
        ],
      },
      { choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: ':"Rome"}' } }] } }] },
    ],
    [said('assistant', text('Hello'), called('{"city":"Rome"}'))],
  ],
  [
    'Anthropic',
    [
      { type: 'message_start', message: { content: [] } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
      { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 'c1', name: 'weather' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{}' } },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' } },
    ],
    [said('assistant', text('Hello'), called('{}'))],
  ],
  [
    'responses, to the end',
    [
      { type: 'response.output_text.delta', delta: 'Hel' },
      { type: 'response.completed', response: { output: [{ role: 'assistant', content: [{ text: 'Hello' }] }] } },
    ],
    [said('assistant', text('Hello'))],
  ],
  ['responses, left', [{ type: 'response.output_text.delta', delta: 'Hel' }], [said('assistant', text('Hel'))]],
  [
    'Gemini',
    ['Hel', 'lo'].map((bit) => ({ candidates: [{ content: { parts: [{ text: bit }] } }] })),
    [said('assistant', text('Hello'))],
  ],
  [
    'Converse',
    [
      { contentBlockDelta: { contentBlockIndex: 0, delta: { text: 'Hello' } } },
      { contentBlockStart: { contentBlockIndex: 1, start: { toolUse: { toolUseId: 'c1', name: 'weather' } } } },
      { contentBlockDelta: { contentBlockIndex: 1, delta: { toolUse: { input: '{}' } } } },
    ],
    [said('assistant', text('Hello'), called('{}'))],
  ],
  [
    'Ollama',
    ['Hel', 'lo'].map((content) => ({ message: { role: 'assistant', content } })),
    [said('assistant', text('Hello'))],
  ],
  [
    'Cohere',
    [{ type: 'content-delta', delta: { message: { content: { text: 'Hello' } } } }],
    [said('assistant', text('Hello'))],
  ],
])('what is streamed: %s', (_name, events, messages) => {
  const streamed = new StreamedMessage(1000);
  for (const event of events) streamed.event(event);
  expect(streamed.messages()).toEqual(messages);
});

test('however much is said, attributes are bounded and whole JSON, and the newest messages are in them', () => {
  const messages = Array.from({ length: 5000 }, (_, n) => ({
    role: 'user',
    content: `${n} ${'x'.repeat(n === 0 ? 1e6 : 20)}`,
  }));
  const content = contentOf({ span: true, event: false }, 'chat', { messages, system: 'y'.repeat(1e6) });
  for (let n = 0; n < 10_000; n++) content?.event({ choices: [{ delta: { content: 'z'.repeat(100) } }] });
  const attributes = content?.attributes() ?? {};
  const sizes = Object.values(attributes).map((value) => String(value).length);
  expect(Object.keys(attributes)).toHaveLength(3);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(32_800);
  const kept = JSON.parse(String(attributes['gen_ai.input.messages'])) as { parts: { content: string }[] }[];
  expect(kept.at(-1)?.parts[0]?.content).toMatch(/^4999 /);
});
