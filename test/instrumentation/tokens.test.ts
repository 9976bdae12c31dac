import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FinishedCall } from '../../instrumentation/finished-call.ts';
import { createEstimates, estimateByRule, textsOf, type TokenEstimate } from '../../instrumentation/estimate.ts';
import { createTokenCounter } from '../../instrumentation/tokens.ts';

const count = createTokenCounter(join(import.meta.dirname, '../../instrumentation/tokenizer.ts'));
const english = 'The tide comes in twice a day, and nobody has ever been able to talk it out of that.';

describe('tokens of texts that no provider counted', () => {
  // Counts made with js-tiktoken, another implementation with the same vocabularies.
  test.each([
    ['English', 'gpt-4o', english, 21],
    ['Russian', 'gpt-4o', 'Съешь же ещё этих мягких французских булок, да выпей чаю', 18],
    ['Chinese', 'gpt-4o', '我能吞下玻璃而不伤身体。', 11],
    ['Chinese, in the older vocabulary', 'gpt-4-0613', '我能吞下玻璃而不伤身体。', 17],
    ['Hindi', 'gpt-5-mini', 'मैं काँच खा सकता हूँ', 7],
    ['an emoji', 'o3', '👩‍🚀', 5],
    ['what looks like a control token', 'gpt-4o', '<|endoftext|>', 7],
    ['another vendor, by what was measured', 'claude-sonnet-4-5', english, 25],
    ['nothing', 'gpt-4o', '', 0],
  ])('%s', async (_name, model, output, tokens) => {
    expect(await count({ model, input: [], output })).toEqual({ input: 0, output: tokens });
  });

  test('a long text is counted by samples', async () => {
    const text = Array.from({ length: 6000 }, (_, at) => `${1000 + at}: ${english}`).join('\n');
    const [whole, parts] = await Promise.all([
      count({ model: 'gpt-4o', input: [], output: text.slice(0, 64_000) }),
      count({ model: 'gpt-4o', input: [text], output: '' }),
    ]);
    const expected = whole.output * (text.length / 64_000);
    expect(Math.abs(parts.input - expected) / expected).toBeLessThan(0.02);
  });

  test('without a tokenizer the rule counts', async () => {
    const none = createTokenCounter(join(import.meta.dirname, 'there-is-none.cjs'));
    const texts = { model: 'gpt-4o', input: ['four', 'by four'], output: 'дом' };
    expect(await none(texts)).toEqual(estimateByRule(texts));
    expect(estimateByRule(texts)).toEqual({ input: 3, output: 2 });
  });
});

test('texts of a request, without what is no prose', () => {
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
  const messages = [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, image] }];
  expect(textsOf([undefined, messages])).toEqual(['What is this?']);
});

describe('calls that wait for their counts', () => {
  const texts = { model: 'm', input: [], output: 'x' };
  const call = (name: string): FinishedCall => {
    const plain = { name, start: 0, end: 1, parent: undefined, attributes: {}, error: undefined };
    return { ...plain, estimated: { texts, by: ({ output }) => ({ ...plain, name: `${name} ${output}` }) } };
  };
  const never = (): Promise<TokenEstimate> => new Promise(() => {});

  test('are emitted when they have them, the others at once', async () => {
    const names: string[] = [];
    const estimates = createEstimates(
      async () => ({ input: 1, output: 7 }),
      ({ name }) => names.push(name),
    );
    estimates.emit(call('estimated'));
    estimates.emit({ ...call('reported'), estimated: undefined } as unknown as FinishedCall);
    expect(names).toEqual(['reported']);
    await estimates.settle(1000);
    expect(names).toEqual(['reported', 'estimated 7']);
  });

  test('are emitted as they are when it takes too long, fails, or too many wait', async () => {
    const names: string[] = [];
    const slow = createEstimates(never, ({ name }) => names.push(name));
    for (let n = 0; n < 257; n++) slow.emit(call(`${n}`));
    expect(names).toEqual(['256']);
    await slow.settle(1);
    expect(names).toHaveLength(257);
    const failing = createEstimates(
      () => Promise.reject(new Error('no')),
      ({ name }) => names.push(name),
    );
    failing.emit(call('failed'));
    await failing.settle(1000);
    expect(names.at(-1)).toBe('failed');
    await failing.settle(1000);
  });

  test('everybody who waits for them is told', async () => {
    const estimates = createEstimates(
      async () => ({ input: 1, output: 7 }),
      () => {},
    );
    estimates.emit(call('estimated'));
    const start = performance.now();
    await Promise.all([estimates.settle(10_000), estimates.settle(10_000)]);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
