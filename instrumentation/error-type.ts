/**
 * `error.type` of what the client library threw: the provider's own code or type where the error carries one, else the
 * error's class. Never its message, which may quote the request.
 *
 * @example errorType(new RateLimitError(429, { code: 'rate_limit_exceeded' }, …)) // 'rate_limit_exceeded'
 */
export function errorType(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '_OTHER';
  const { code, type, error: inner } = error as Readonly<Record<string, unknown>>;
  const nested = isObject(inner) ? (isObject(inner['error']) ? inner['error'] : inner) : {};
  const word = [code, type, nested['code'], nested['type']].find((candidate) => isWord(candidate));
  if (typeof word === 'string') return word;
  // What an abort throws has its kind in its name alone.
  const kind = error instanceof DOMException ? error.name : error.constructor.name;
  return kind || '_OTHER';
}

/** Codes are words; anything longer may be a message. */
function isWord(value: unknown): boolean {
  return typeof value === 'string' && /^[\w.:-]{1,64}$/.test(value) && value !== 'error';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
