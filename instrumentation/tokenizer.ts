import { parentPort } from 'node:worker_threads';
import type { Answer, Question } from './tokens.ts';

interface Vocabulary {
  readonly countTokens: (text: string, options: { readonly disallowedSpecial: Set<string> }) => number;
}
const vocabularies: Partial<Record<Question['vocabulary'], Promise<Vocabulary>>> = {};
/** What looks like a control token in a text is text. */
const plain = { disallowedSpecial: new Set<string>() };

/** Loaded when it is first asked for: each takes its time and its megabytes. */
function load(name: Question['vocabulary']): Promise<Vocabulary> {
  return (vocabularies[name] ??=
    name === 'cl100k_base'
      ? import('gpt-tokenizer/encoding/cl100k_base')
      : import('gpt-tokenizer/encoding/o200k_base'));
}

/** The thread that counts tokens: one question in, one answer out. */
async function answer({ id, vocabulary, texts }: Question): Promise<Answer> {
  const { countTokens } = await load(vocabulary);
  return { id, tokens: texts.map((text) => countTokens(text, plain)) };
}

parentPort?.on('message', (question: Question) => {
  answer(question).then(
    (made) => parentPort?.postMessage(made, []),
    (error: unknown) => {
      // The thread ends with it, and who asked is told.
      throw error;
    },
  );
});
