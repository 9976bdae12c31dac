import { expect, test } from 'vitest';
import { batchOf, isBatch, readBatches, readBatchResult } from '../../instrumentation/apis/batches.ts';
import type { Json } from '../../instrumentation/apis/api.ts';

test.each([
  ['/files/file-1/content', 'file-1'],
  ['https://x.openai.azure.com/openai/files/file-1/content?api-version=2025-01-01', 'file-1'],
  ['/v1/messages/batches/msgbatch_1/results', 'msgbatch_1'],
  ['/download/v1beta/files/batch-1:download?alt=media', 'files/batch-1'],
  ['/files/file-1', undefined],
  ['/files', undefined],
  ['/v1/messages/batches/msgbatch_1', undefined],
  ['/content', undefined],
])('results are fetched at %s: %s', (path, batch) => {
  expect(batchOf(path)).toBe(batch);
});

test.each([
  ['/batches', true],
  ['/batches/batch_1?x=1', true],
  ['/v1/messages/batches/msgbatch_1', true],
  ['/v1/batch/jobs/1', true],
  ['/batches/batch_1/cancel', false],
  ['/files/batches-1', false],
])('a batch is looked at at %s: %s', (path, is) => {
  expect(isBatch(path)).toBe(is);
});

const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const created = 1_760_000_000;
const chat = { id: 'c', object: 'chat.completion', created, usage };
const answered = (body: Json, status?: number): Json => ({
  id: 'l',
  custom_id: 'x',
  response: { status_code: status ?? 200, body },
});

test.each<[name: string, line: Json, expected: readonly unknown[] | undefined]>([
  ['chat', answered(chat), ['["c","l","x"]', 'openai-chat', 'c', created * 1000]],
  ['no object, as some hosts answer', answered({ usage }), ['[null,"l","x"]', 'openai-chat', 'l', undefined]],
  [
    'without a status',
    { custom_id: 'x', response: { body: chat } },
    ['["c",null,"x"]', 'openai-chat', 'c', created * 1000],
  ],
  ['a time that cannot be', answered({ ...chat, created: 12 }), ['["c","l","x"]', 'openai-chat', 'c', undefined]],
  [
    'no id at all',
    { custom_id: 'x', response: { body: { usage } } },
    ['["b","x"]', 'openai-chat', undefined, undefined],
  ],
  [
    'pictures',
    answered({ created, data: [{ b64_json: '' }], usage: { input_tokens: 1, output_tokens: 2 } }),
    ['[null,"l","x"]', 'openai-images', 'l', created * 1000],
  ],
  ['pages', answered({ usage_info: { pages_processed: 3 } }), ['[null,"l","x"]', 'mistral-ocr', 'l', undefined]],
  ['refused', answered({ error: {} }, 400), undefined],
  ['refused, though it has an answer', answered(chat, 429), undefined],
  ['expired', { id: 'l', custom_id: 'x', response: null, error: { code: 'batch_expired' } }, undefined],
  ['moderation', answered({ id: 'modr-1', results: [] }), undefined],
  ['canceled', { custom_id: 'x', result: { type: 'canceled' } }, undefined],
])('a line of results: %s', (_name, line, expected) => {
  const result = readBatchResult(line, 'b');
  expect(result && [result.key, result.api.name, result.answer.id, result.made]).toEqual(expected);
});

test('batches tell when they were made and where their results are, one or many', () => {
  const one = { id: 'b1', output_file_id: 'f1', error_file_id: 'f2', created_at: created };
  const two = { id: 'b2', created_at: '2025-10-09T08:00:00Z' };
  const [first, second] = readBatches({ data: [one, two] });
  expect(readBatches(one)).toEqual([{ of: ['b1', 'f1'], made: created * 1000, lines: [] }]);
  expect([first, second]).toEqual([...readBatches(one), { of: ['b2'], made: Date.UTC(2025, 9, 9, 8), lines: [] }]);
  expect(readBatches({ id: 'job', outputs: [{ custom_id: 'x' }] })[0]?.lines).toEqual([{ custom_id: 'x' }]);
});
