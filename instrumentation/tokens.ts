import { Worker } from 'node:worker_threads';
import { estimateByRule, type CountTokens, type TokenEstimate } from './estimate.ts';
import { failed } from './contain.ts';

/** What the thread of the tokenizer is asked, and answers. */
export interface Question {
  readonly id: number;
  readonly vocabulary: 'o200k_base' | 'cl100k_base';
  readonly texts: readonly string[];
}
export interface Answer {
  readonly id: number;
  readonly tokens: readonly number[];
}

/** Longer texts are counted by samples, from all over them. */
const longest = 64 * 1024;
const samples = 8;
/** The thread holds 40 MB: it ends when nothing has been asked for so long. */
const idleMs = 30_000;
const patienceMs = 10_000;

/** OpenAI's older vocabulary. https://github.com/openai/tiktoken/blob/main/tiktoken/model.py */
const older = /gpt-4(?!o|\.|-o)|gpt-3\.5|gpt-35|davinci-002|babbage-002/;

/**
 * Nobody else publishes a current vocabulary that is small enough to ship; what their models make of a text was compared
 * with OpenAI's on recorded answers of theirs (tokens told by the provider to tokens counted): Claude 1.16 (15 answers),
 * Gemini 1.10 (23); Mistral, Llama, DeepSeek, Qwen, Grok and Nova between 0.97 and 1.04, which is left at 1.
 */
const factors: readonly (readonly [model: RegExp, factor: number])[] = [
  [/claude/, 1.16],
  [/gemini/, 1.1],
];

/**
 * Counts tokens on a thread of its own (`tokenizer`, a file): reading a vocabulary takes a fifth of a second, which the
 * application must not wait for. The thread starts when it is first needed.
 */
export function createTokenCounter(tokenizer: string): CountTokens {
  const open = new Map<number, (tokens: readonly number[] | undefined) => void>();
  let worker: Worker | undefined;
  let ending: NodeJS.Timeout | undefined;
  let last = 0;

  const stop = (): void => {
    const stopping = worker;
    worker = undefined;
    stopping?.terminate().catch(failed);
    for (const answer of open.values()) answer(undefined);
    open.clear();
  };
  const start = (): Worker => {
    // Without the application's options: its preloads, ours among them, have no business there.
    const started = new Worker(tokenizer, { execArgv: [], env: {}, stdin: false, name: 'spanledger tokenizer' });
    started.on('message', ({ id, tokens }: Answer) => open.get(id)?.(tokens));
    started.on('error', (error) => {
      failed(error);
      if (worker === started) stop();
    });
    started.on('exit', () => {
      if (worker === started) stop();
    });
    // Last, because a listener for messages holds the process again.
    started.unref();
    return started;
  };
  const ask = (question: Question): Promise<readonly number[] | undefined> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => answer(undefined), patienceMs).unref();
      const answer = (tokens: readonly number[] | undefined): void => {
        clearTimeout(timer);
        open.delete(question.id);
        resolve(tokens);
      };
      open.set(question.id, answer);
      clearTimeout(ending);
      ending = setTimeout(stop, idleMs).unref();
      try {
        worker ??= start();
        worker.postMessage(question, []);
      } catch (error) {
        failed(error);
        answer(undefined);
      }
    });

  return async (texts) => {
    const { model = '', input, output } = texts;
    const name = model.toLowerCase();
    const asked = [input.join('\n'), output];
    const parts = asked.map(sample);
    const vocabulary = older.test(name) ? 'cl100k_base' : 'o200k_base';
    const counts = await ask({ id: ++last, vocabulary, texts: parts });
    if (counts === undefined) return estimateByRule(texts);
    const factor = factors.find(([model]) => model.test(name))?.[1] ?? 1;
    const [inputTokens = 0, outputTokens = 0] = asked.map((text, at) =>
      Math.ceil((counts[at] ?? 0) * factor * (text.length / Math.max(1, (parts[at] ?? '').length))),
    );
    return { input: inputTokens, output: outputTokens } satisfies TokenEstimate;
  };
}

/** All of a text, or pieces that are evenly spread over it. */
function sample(text: string): string {
  if (text.length <= longest) return text;
  const size = longest / samples;
  const stride = (text.length - size) / (samples - 1);
  return Array.from({ length: samples }, (_, at) => {
    const from = Math.floor(at * stride);
    return text.slice(from, from + size);
  }).join('');
}
