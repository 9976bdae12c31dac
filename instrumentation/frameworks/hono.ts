import { handling, type TagsOf } from './request.ts';

/** What is read of a Hono context. */
export interface HonoLikeContext {
  readonly req: {
    header(name: string): string | undefined;
    readonly routePath?: string;
  };
}

/**
 * Hono middleware: every call made further down carries the request's tags, and the matched route as `route`.
 *
 * @example app.use(tagHonoRequests((context) => ({ customer_id: context.get('tenant') })))
 */
export function tagHonoRequests<Context extends HonoLikeContext>(
  tags: TagsOf<Context> = {},
): (context: Context, next: () => Promise<void>) => Promise<void> {
  const run = handling<Context>(tags, {
    baggage: ({ req }) => req.header('baggage'),
    // While middleware runs it is the middleware's own.
    route: ({ req: { routePath } }) => (routePath === '*' || routePath === '/*' ? undefined : routePath),
  });
  return (context, next) => run(context, next);
}
