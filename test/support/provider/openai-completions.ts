import { createdAt, dataEvent, idOf, type Api } from './api.ts';
import { servedModel } from './behaviour.ts';
import { openai, refuseMissing } from './openai-errors.ts';
import { answerTo } from './text.ts';

/** `POST /v1/completions`, plain and streamed. */
export const openaiCompletions: Api = {
  ...openai,
  name: 'openai-completions',
  path: /\/completions$/,
  refuse: (body) => refuseMissing(body, ['model', 'prompt']),
  answer: (call) => {
    const { body, number } = call;
    const { usage: used, text, pieces } = answerTo(call, body['prompt'], body['max_tokens']);
    const usage = {
      prompt_tokens: used.input,
      completion_tokens: used.output,
      total_tokens: used.input + used.output,
    };
    const head = {
      id: idOf('cmpl-', number),
      object: 'text_completion',
      created: createdAt(number),
      model: servedModel(call),
    };
    const choice = (said: string, finish: string | null): object => ({
      text: said,
      index: 0,
      logprobs: null,
      finish_reason: finish,
    });
    if (body['stream'] !== true) return { kind: 'json', body: { ...head, choices: [choice(text, 'stop')], usage } };
    const asked = (body['stream_options'] as { include_usage?: unknown } | undefined)?.include_usage === true;
    const common = { ...head, ...(asked ? { usage: null } : {}) };
    const events = [
      ...pieces.map((piece) => dataEvent({ ...common, choices: [choice(piece, null)] })),
      dataEvent({ ...common, choices: [choice('', 'stop')] }),
      ...(asked ? [dataEvent({ ...head, choices: [], usage })] : []),
      'data: [DONE]\n\n',
    ];
    return { kind: 'sse', events };
  },
};
