import type { ErrorRequestHandler } from 'express';
import type { Logger } from 'pino';
import { SpanledgerError } from '../errors.ts';

const titles = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

/** An answer that is no answer, thrown by handlers. `code` is stable; people read the message. */
export class Problem extends Error {
  readonly status: keyof typeof titles;
  readonly code: string;

  constructor(status: keyof typeof titles, code: string, detail: string) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
  }
}

/** Answers with RFC 9457 problem details. */
export function problemHandler(log: Pick<Logger, 'error'>): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const { status, code, message } = problemOf(error);
    if (status === 500) log.error({ err: error, path: request.path }, 'the API failed');
    if (status === 503) response.set('Retry-After', '5');
    response
      .status(status)
      .type('application/problem+json')
      .send(JSON.stringify({ type: `urn:spanledger:error:${code}`, title: titles[status], status, detail: message }));
  };
}

/** Only errors that were raised on purpose are told; anything else is for the log. */
function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof SpanledgerError)
    return new Problem(error.sort === 'permanent' ? 400 : 503, error.code, error.message);
  // https://expressjs.com/en/resources/middleware/body-parser.html#errors: no JSON, or more than may be.
  if (error instanceof Error && 'expose' in error && error.expose === true)
    return new Problem(400, 'invalid_query', `the body cannot be read: ${error.message}`);
  if (error instanceof URIError) return new Problem(400, 'invalid_query', 'the path is not properly percent-encoded');
  return new Problem(500, 'internal', 'the processor failed to answer; its log says why');
}
