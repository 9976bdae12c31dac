import { handling, type TagsOf } from './request.ts';

/** What is read of an Express request. */
export interface RoutedRequest {
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly baseUrl?: string;
  readonly route?: { readonly path?: unknown };
}

/**
 * Express middleware: every call made while a request is handled carries its tags, and the matched route as `route`. Mount
 * it before the routes and after parsers of bodies.
 *
 * @example app.use(tagRequests((request) => ({ customer_id: request.user?.tenant, feature: 'chatbot' })))
 */
export function tagRequests<Request extends RoutedRequest>(
  tags: TagsOf<Request> = {},
): (request: Request, response: unknown, next: (error?: unknown) => void) => void {
  const run = handling(tags, { baggage: ({ headers }) => headers?.['baggage'], route: routeOf });
  return (request, _response, next) => run(request, () => next());
}

function routeOf({ baseUrl = '', route }: RoutedRequest): string | undefined {
  const path = route?.path;
  if (typeof path === 'string') return `${baseUrl}${path}`;
  return path instanceof RegExp ? `${baseUrl}${path.source}` : undefined;
}
