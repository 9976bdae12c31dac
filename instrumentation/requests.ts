import { guarded } from './guard.ts';
import { withLateTags, type Tags } from './tags.ts';

/** What is read of an Express request. */
export interface RoutedRequest {
  readonly baseUrl?: string;
  readonly route?: { readonly path?: unknown };
}

/**
 * Express middleware: every call made while a request is handled carries its tags, and the matched route as `route`.
 * `tags` is asked at the middleware and again when a call begins, so what later middleware finds out (the signed-in user)
 * counts. Mount it before the routes.
 *
 * @example app.use(tagRequests((request) => ({ customer_id: request.user?.tenant, feature: 'chatbot' })))
 */
export function tagRequests<Request extends RoutedRequest>(
  tags: Tags | ((request: Request) => Tags) = {},
): (request: Request, response: unknown, next: (error?: unknown) => void) => void {
  const tagsOf = typeof tags === 'function' ? tags : () => tags;
  return (request, _response, next) => {
    const late = (): Tags => ({ route: routeOf(request), ...tagsOf(request) });
    withLateTags(guarded(() => tagsOf(request)) ?? {}, late, () => next());
  };
}

/** The pattern, never the path: `/customers/:id`, not `/customers/42`. */
function routeOf({ baseUrl = '', route }: RoutedRequest): string | undefined {
  const path = route?.path;
  if (typeof path === 'string') return `${baseUrl}${path}`;
  return path instanceof RegExp ? `${baseUrl}${path.source}` : undefined;
}
