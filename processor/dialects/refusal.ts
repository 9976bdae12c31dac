import type { AttributeMap } from '../otlp/request.ts';
import { count, text } from './attributes.ts';

/**
 * Whether the provider refused the call before it did any work: then nothing was used and nothing is billed. True for the
 * statuses 4xx but 408 and 499 (the client went away), for 503 and 529 (overloaded), and for the words below. Not for 500,
 * 502, 504, time-outs and lost connections: the work may have been done, and who pays for it is not known.
 */
export function isRefusal(attributes: AttributeMap): boolean {
  const error = text(attributes, 'error.type');
  const status = count(attributes, 'http.response.status_code') ?? Number(error);
  if (Number.isInteger(status))
    return (status >= 400 && status < 500 && !clientLeft.has(status)) || refusing.has(status);
  return error !== undefined && words.has(error);
}

const clientLeft: ReadonlySet<number> = new Set([408, 499]);
const refusing: ReadonlySet<number> = new Set([503, 529]);

/** Error types of the providers' documentation, and the classes by which their client libraries throw them. */
const words: ReadonlySet<string> = new Set([
  // OpenAI: platform.openai.com/docs/guides/error-codes
  'invalid_request_error',
  'invalid_api_key',
  'insufficient_quota',
  'rate_limit_exceeded',
  'model_not_found',
  'context_length_exceeded',
  // Anthropic: docs.anthropic.com/en/api/errors
  'authentication_error',
  'permission_error',
  'not_found_error',
  'request_too_large',
  'rate_limit_error',
  'overloaded_error',
  // Bedrock: docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
  'AccessDeniedException',
  'ThrottlingException',
  'ValidationException',
  'ResourceNotFoundException',
  // The classes of the openai and @anthropic-ai/sdk libraries for the statuses 400 to 429.
  'BadRequestError',
  'AuthenticationError',
  'PermissionDeniedError',
  'NotFoundError',
  'ConflictError',
  'UnprocessableEntityError',
  'RateLimitError',
]);
