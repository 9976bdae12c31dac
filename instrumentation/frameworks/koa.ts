import { handling, type TagsOf } from './request.ts';

/** What is read of a Koa context. */
export interface KoaLikeContext {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Left there by @koa/router. */
  readonly _matchedRoute?: unknown;
}

/**
 * Koa middleware: every call made further down carries the request's tags, and the route that @koa/router has matched as
 * `route`. Use it before the router and after parsers of bodies.
 *
 * @example app.use(tagKoaRequests((context) => ({ customer_id: context.state.tenant })))
 */
export function tagKoaRequests<Context extends KoaLikeContext>(
  tags: TagsOf<Context> = {},
): (context: Context, next: () => Promise<unknown>) => Promise<unknown> {
  const run = handling<Context>(tags, {
    baggage: ({ headers }) => headers['baggage'],
    route: ({ _matchedRoute: route }) =>
      typeof route === 'string' ? route : route instanceof RegExp ? route.source : undefined,
  });
  return (context, next) => run(context, next);
}
