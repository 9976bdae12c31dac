import { createAdaptorServer } from '@hono/node-server';
import { Router } from '@koa/router';
import Fastify, { type FastifyRequest } from 'fastify';
import { Hono, type Context } from 'hono';
import Koa from 'koa';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { tagFastifyRequests, tagHonoRequests, tagKoaRequests } from '../../../instrumentation/index.ts';
import { currentTags } from '../../../instrumentation/tags.ts';

const none = { fixed: {}, baggage: true };
/** The tags of a call that the handler makes, when it has waited for something. */
async function call(): Promise<object> {
  await sleep(1);
  return currentTags(none);
}

/** Each is an application with the middleware, a sign-in after it, and a route that answers with the tags of its calls. */
interface Started {
  readonly server: Server;
  stop(): Promise<unknown>;
}
function listen(server: Server): Started {
  server.listen(0, '127.0.0.1');
  return { server, stop: async () => server.close() };
}

const frameworks: Readonly<Record<string, () => Promise<Started> | Started>> = {
  async fastify() {
    const app = Fastify();
    app.addHook(
      'preHandler',
      tagFastifyRequests((request: FastifyRequest & { tenant?: string }) => {
        if (JSON.stringify(request.query).includes('broken')) throw new Error('mine');
        return { customer_id: request.tenant, feature: 'chat' };
      }),
    );
    app.addHook('preHandler', (request, _reply, done) => {
      (request as { tenant?: string }).tenant = 'acme';
      done();
    });
    app.register(async (api) => void api.post('/customers/:id/chat', () => call()), { prefix: '/api' });
    await app.listen({ port: 0, host: '127.0.0.1' });
    return { server: app.server, stop: () => app.close() };
  },
  koa() {
    const app = new Koa<{ tenant?: string }>();
    app.use(
      tagKoaRequests((context: Koa.ParameterizedContext<{ tenant?: string }>) => {
        if ('broken' in context.query) throw new Error('mine');
        return { customer_id: context.state.tenant, feature: 'chat' };
      }),
    );
    app.use((context, next) => {
      context.state.tenant = 'acme';
      return next();
    });
    const router = new Router({ prefix: '/api' });
    router.post('/customers/:id/chat', async (context) => {
      context.body = await call();
    });
    app.use(router.routes());
    return listen(createServer(app.callback() as RequestListener));
  },
  hono() {
    const app = new Hono<{ Variables: { tenant: string } }>();
    app.use(
      tagHonoRequests((context: Context<{ Variables: { tenant: string } }>) => {
        if (context.req.query('broken') !== undefined) throw new Error('mine');
        return { customer_id: context.get('tenant'), feature: 'chat' };
      }),
    );
    app.use((context, next) => {
      context.set('tenant', 'acme');
      return next();
    });
    const api = new Hono();
    api.post('/customers/:id/chat', async (context) => context.json(await call()));
    app.route('/api', api);
    return listen(createAdaptorServer({ fetch: app.fetch }) as Server);
  },
};

describe.each(Object.keys(frameworks))('%s', (name) => {
  let app: Started;
  beforeAll(async () => {
    app = await (frameworks[name] as () => Promise<Started>)();
    if (!app.server.listening) await once(app.server, 'listening');
  });
  afterAll(() => app.stop());
  const post = async (query = '', headers: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const { port } = app.server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/api/customers/42/chat${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{"a":1}',
    });
    expect(response.status).toBe(200);
    return response.json();
  };
  const own = {
    'spanledger.route': '/api/customers/:id/chat',
    'spanledger.customer_id': 'acme',
    'spanledger.feature': 'chat',
  };

  test('the matched route, and what later middleware found out', async () => {
    expect(await post()).toEqual(own);
  });

  test('incoming baggage is the weakest, and only its tags count', async () => {
    expect(await post('', { baggage: 'customer_id=other,plan=pro,secret=1' })).toEqual({
      ...own,
      'spanledger.plan': 'pro',
    });
  });

  test('a function that throws costs its tags and nothing else', async () => {
    expect(await post('?broken=1')).toEqual({});
  });
});

test('baggage that is not trusted is not read, in any of them', async () => {
  vi.stubEnv('SPANLEDGER_BAGGAGE', 'off');
  const headers = { baggage: 'customer_id=other' };
  const next = async (): Promise<unknown> => currentTags(none);
  const seen: unknown[] = [await tagKoaRequests({ feature: 'chat' })({ headers }, next)];
  const hono = tagHonoRequests({ feature: 'chat' });
  await hono({ req: { header: () => headers.baggage } }, async () => void seen.push(currentTags(none)));
  tagFastifyRequests({ feature: 'chat' })({ headers }, {}, () => void seen.push(currentTags(none)));
  vi.unstubAllEnvs();
  expect(seen).toEqual(Array.from({ length: 3 }, () => ({ 'spanledger.feature': 'chat' })));
});
