/** The provider's own end of a stream, in the place of an answer. */
export function isErrorEvent(error: unknown): boolean {
  return isObject(error) && isObject(error['error']) && statusOf(error) === undefined;
}

/** Where client libraries keep the HTTP status of an error. */
export function statusOf(error: unknown): unknown {
  if (!isObject(error)) return undefined;
  const { $metadata: metadata } = error;
  return isObject(metadata) ? metadata['httpStatusCode'] : (error['status'] ?? error['statusCode']);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
