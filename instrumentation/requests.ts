import { guarded } from './contain.ts';
import { readSettings } from './settings.ts';
import { withBaggageTags, withLateTags, type Tags } from './tags.ts';

/** What is read of an Express request. */
export interface RoutedRequest {
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly baseUrl?: string;
  readonly route?: { readonly path?: unknown };
}

/**
 * Express middleware: every call made while a request is handled carries its tags, and the matched route as `route`.
 * `tags` is asked at the middleware and again when a call begins, so what later middleware finds out (the signed-in user)
 * counts. Tags in the request's W3C baggage count where the application says nothing else; with SPANLEDGER_BAGGAGE=off they
 * do not, for callers that are not trusted. Mount it before the routes.
 *
 * @example app.use(tagRequests((request) => ({ customer_id: request.user?.tenant, feature: 'chatbot' })))
 */
export function tagRequests<Request extends RoutedRequest>(
  tags: Tags | ((request: Request) => Tags) = {},
): (request: Request, response: unknown, next: (error?: unknown) => void) => void {
  const tagsOf = typeof tags === 'function' ? tags : () => tags;
  const trusted = readSettings(process.env).baggage;
  return (request, _response, next) => {
    const late = (): Tags => ({ route: routeOf(request), ...tagsOf(request) });
    const handle = (): void => withLateTags(guarded(() => tagsOf(request)) ?? {}, late, () => next());
    const baggage = trusted ? request.headers?.['baggage'] : undefined;
    if (typeof baggage === 'string') withBaggageTags(baggage, handle);
    else handle();
  };
}

/** The pattern, never the path: `/customers/:id`, not `/customers/42`. */
function routeOf({ baseUrl = '', route }: RoutedRequest): string | undefined {
  const path = route?.path;
  if (typeof path === 'string') return `${baseUrl}${path}`;
  return path instanceof RegExp ? `${baseUrl}${path.source}` : undefined;
}
