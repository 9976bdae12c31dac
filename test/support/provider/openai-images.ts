import { createdAt, type Api } from './api.ts';
import { openai, refuseMissing } from './openai-errors.ts';
import { answerTo } from './text.ts';

/** `POST /v1/images/generations`, of a model that is billed by the token. */
export const openaiImages: Api = {
  ...openai,
  name: 'openai-images',
  path: /\/images\/generations$/,
  refuse: (body) => refuseMissing(body, ['model', 'prompt']),
  answer: (call) => {
    const { usage } = answerTo(call, call.body['prompt'], undefined);
    const body = {
      created: createdAt(call.number),
      data: [{ b64_json: Buffer.from('a picture of the sea').toString('base64') }],
      usage: {
        input_tokens: usage.input,
        input_tokens_details: { image_tokens: 0, text_tokens: usage.input },
        output_tokens: usage.output,
        total_tokens: usage.input + usage.output,
      },
    };
    return { kind: 'json', body };
  },
};
