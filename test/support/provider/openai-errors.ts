import { dataEvent, idOf, namedEvent, type Api, type Refusal } from './api.ts';

interface ErrorKind {
  readonly type: string;
  readonly code: string | null;
  readonly message: string;
}

const kinds: Readonly<Record<number, ErrorKind>> = {
  400: { type: 'invalid_request_error', code: null, message: 'The request could not be understood.' },
  401: {
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    message: 'Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.',
  },
  403: { type: 'invalid_request_error', code: 'permission_denied', message: 'You are not allowed to use this model.' },
  404: { type: 'invalid_request_error', code: 'model_not_found', message: 'The model does not exist.' },
  429: { type: 'requests', code: 'rate_limit_exceeded', message: 'Rate limit reached for requests per minute.' },
  500: { type: 'server_error', code: null, message: 'The server had an error while processing your request.' },
  503: { type: 'server_error', code: null, message: 'The engine is currently overloaded, please try again later.' },
};

const unknown: ErrorKind = { type: 'server_error', code: null, message: 'Something went wrong.' };

/** What OpenAI's APIs have in common. */
export const openai: Pick<Api, 'keyHeaders' | 'error' | 'errorEvent' | 'headers'> = {
  keyHeaders: ['authorization', 'api-key'],
  error: (status, refusal) => {
    const { type, code, message } = kinds[status] ?? unknown;
    return { error: { message: refusal.message ?? message, type, param: refusal.param ?? null, code } };
  },
  errorEvent: () => dataEvent({ error: { ...(kinds[500] ?? unknown), param: null } }),
  headers: (number) => ({
    'openai-processing-ms': '12',
    'openai-version': '2020-10-01',
    'x-request-id': idOf('req_', number),
    'x-ratelimit-remaining-requests': '9999',
  }),
};

/** The responses API ends a broken stream with an event of its own. */
export function responsesErrorEvent(): string {
  return namedEvent({ type: 'error', code: 'server_error', message: unknown.message, param: null, sequence_number: 0 });
}

/** Fields that the API insists on. */
export function refuseMissing(body: Readonly<Record<string, unknown>>, fields: readonly string[]): Refusal | undefined {
  const missing = fields.find((field) => body[field] === undefined);
  if (missing === undefined) return undefined;
  return { status: 400, message: `Missing required parameter: '${missing}'.`, param: missing };
}
