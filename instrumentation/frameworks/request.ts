import { guarded } from '../contain.ts';
import { readSettings } from '../settings.ts';
import { withBaggageTags, withLateTags, type Tags } from '../tags.ts';

/** Tags, or how they are read from a request of a framework. */
export type TagsOf<Request> = Tags | ((request: Request) => Tags);

/** What is the same in every framework: where the matched route and the `baggage` header stand is not. */
export interface Framework<Request> {
  readonly baggage: (request: Request) => unknown;
  /** The pattern, never the path: `/customers/:id`, not `/customers/42`. */
  readonly route: (request: Request) => string | undefined;
}

/**
 * Runs the handling of a request with its tags. `tags` is asked at once and again when a call begins, so what is found out
 * later (the signed-in user) counts. Tags in the request's W3C baggage count where the application says nothing else; with
 * SPANLEDGER_BAGGAGE=off they do not, for callers that are not trusted.
 */
export function handling<Request>(
  tags: TagsOf<Request>,
  { baggage, route }: Framework<Request>,
): <T>(request: Request, handle: () => T) => T {
  const tagsOf = typeof tags === 'function' ? tags : () => tags;
  const trusted = readSettings(process.env).baggage;
  return (request, handle) => {
    const late = (): Tags => ({ route: guarded(() => route(request)), ...tagsOf(request) });
    const tagged = (): ReturnType<typeof handle> => withLateTags(guarded(() => tagsOf(request)) ?? {}, late, handle);
    const header = trusted ? guarded(() => baggage(request)) : undefined;
    return typeof header === 'string' ? withBaggageTags(header, tagged) : tagged();
  };
}
