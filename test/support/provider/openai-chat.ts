import { createdAt, dataEvent, idOf, type Api, type Reply } from './api.ts';
import { servedModel, type SimulatedCall, type SimulatedUsage } from './behaviour.ts';
import { openai, refuseMissing } from './openai-errors.ts';
import { answerTo, type Answer } from './text.ts';

/** `POST /v1/chat/completions`, plain and streamed. */
export const openaiChat: Api = {
  ...openai,
  name: 'openai-chat',
  path: /\/chat\/completions$/,
  refuse: (body) => refuseMissing(body, ['model', 'messages']),
  answer: (call) => {
    const { body } = call;
    const answer = answerTo(call, body['messages'], body['max_completion_tokens'] ?? body['max_tokens']);
    return body['stream'] === true ? streamed(call, answer) : plain(call, answer);
  },
};

function plain(call: SimulatedCall, answer: Answer): Reply {
  const block = usageBlock(call, answer.usage);
  const body = {
    ...head(call, 'chat.completion'),
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: answer.text, refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: finishReason(call),
      },
    ],
    ...(block === null ? {} : { usage: block }),
  };
  return { kind: 'json', body };
}

/** Usage comes only when asked for: null on every chunk, then once more on an extra chunk without choices. */
function streamed(call: SimulatedCall, answer: Answer): Reply {
  const options = call.body['stream_options'] as { include_usage?: unknown } | null | undefined;
  const block = options?.include_usage === true ? usageBlock(call, answer.usage) : null;
  const common = { ...head(call, 'chat.completion.chunk'), ...(block === null ? {} : { usage: null }) };
  const chunk = (delta: Readonly<Record<string, unknown>>, finish: string | null): string =>
    dataEvent({ ...common, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] });
  const events = [
    chunk({ role: 'assistant', content: '', refusal: null }, null),
    ...answer.pieces.map((content) => chunk({ content }, null)),
    chunk({}, finishReason(call)),
    ...(block === null ? [] : [dataEvent({ ...common, choices: [], usage: block })]),
    'data: [DONE]\n\n',
  ];
  return { kind: 'sse', events };
}

function head(call: SimulatedCall, object: string): Readonly<Record<string, unknown>> {
  return {
    id: idOf('chatcmpl-', call.number),
    object,
    created: createdAt(call.number),
    model: servedModel(call),
    service_tier: call.behaviour.serviceTier ?? 'default',
    system_fingerprint: 'fp_simulated',
  };
}

function finishReason(call: SimulatedCall): string {
  return call.behaviour.finish === 'length' ? 'length' : 'stop';
}

function usageBlock(call: SimulatedCall, usage: SimulatedUsage): unknown {
  if (call.behaviour.usageBlock !== undefined) return call.behaviour.usageBlock;
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead, audio_tokens: usage.inputAudio },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning,
      audio_tokens: usage.outputAudio,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
