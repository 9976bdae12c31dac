import { handling, type TagsOf } from './request.ts';

/** What is read of a Fastify request. */
export interface FastifyLikeRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly routeOptions?: { readonly url?: string | undefined };
}

/**
 * A Fastify hook: every call made by the handler of a request carries its tags, and the matched route as `route`. As
 * `preHandler`, because parsing the body loses what was set before it.
 *
 * @example app.addHook('preHandler', tagFastifyRequests((request) => ({ customer_id: request.user?.tenant })))
 */
export function tagFastifyRequests<Request extends FastifyLikeRequest>(
  tags: TagsOf<Request> = {},
): (request: Request, reply: unknown, done: () => void) => void {
  const run = handling<Request>(tags, {
    baggage: ({ headers }) => headers['baggage'],
    route: ({ routeOptions }) => routeOptions?.url,
  });
  return (request, _reply, done) => run(request, done);
}
