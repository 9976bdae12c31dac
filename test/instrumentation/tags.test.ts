import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import express from 'express';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { tagRequests, withTags } from '../../instrumentation/index.ts';
import { readSettings } from '../../instrumentation/settings.ts';
import { currentTags } from '../../instrumentation/tags.ts';

const none = { fixed: {}, baggage: true };

describe('withTags', () => {
  test('known names have their attribute, others spanledger.tag.<key>; empty values are no tags', () => {
    const tags = {
      customer_id: 'acme',
      feature: 'summarizer',
      task_type: 'summary',
      task_id: 17,
      team: 'search',
      plan: 'pro',
      workspace_id: 'w1',
      route: '/a/:id',
      user_id: 'u1',
      session_id: 's1',
      environment: 'production',
      experiment: true,
      empty: '',
      missing: undefined,
      nothing: null,
    };
    expect(withTags(tags, () => currentTags(none))).toEqual({
      'spanledger.customer_id': 'acme',
      'spanledger.feature': 'summarizer',
      'spanledger.task_type': 'summary',
      'spanledger.task_id': '17',
      'spanledger.team': 'search',
      'spanledger.plan': 'pro',
      'spanledger.workspace_id': 'w1',
      'spanledger.route': '/a/:id',
      'user.id': 'u1',
      'session.id': 's1',
      'deployment.environment.name': 'production',
      'spanledger.tag.experiment': 'true',
    });
  });

  test('inner tags add to outer ones and win over them, through awaits, and end with the work', async () => {
    await withTags({ customer_id: 'acme', feature: 'chat' }, async () => {
      await Promise.resolve();
      const inner = withTags({ feature: 'search' }, async () => {
        await Promise.resolve();
        return currentTags(none);
      });
      expect(await inner).toEqual({ 'spanledger.customer_id': 'acme', 'spanledger.feature': 'search' });
      expect(currentTags(none)).toEqual({ 'spanledger.customer_id': 'acme', 'spanledger.feature': 'chat' });
    });
    expect(currentTags(none)).toEqual({});
  });

  test('gives back what the work gives, and throws what it throws', () => {
    expect(withTags({}, () => 5)).toBe(5);
    expect(() =>
      withTags({ customer_id: 'acme' }, () => {
        throw new TypeError('mine');
      }),
    ).toThrow(new TypeError('mine'));
  });

  test('count and length are bounded, and odd ones never push out known names', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`key${n}`, 'v'.repeat(1000)]));
    const tags = withTags({ ...many, ['k'.repeat(65)]: 'x', customer_id: 'acme' }, () => currentTags(none));
    expect(Object.keys(tags)).toHaveLength(33);
    expect(tags['spanledger.customer_id']).toBe('acme');
    expect(String(tags['spanledger.tag.key0'])).toHaveLength(256);
  });

  test('values that are no plain ones are left out', () => {
    const odd = { customer_id: { toString: () => 'x' }, feature: () => 'x', team: Symbol('x') } as never;
    expect(withTags(odd, () => currentTags(none))).toEqual({});
  });
});

describe('with an OpenTelemetry context manager', () => {
  beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
  afterAll(() => context.disable());
  afterEach(() => expect(propagation.getActiveBaggage()).toBeUndefined());

  const incoming = (entries: Record<string, string>) =>
    propagation.setBaggage(
      ROOT_CONTEXT,
      propagation.createBaggage(Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, { value }]))),
    );

  test('tags are baggage too', () => {
    const baggage = withTags({ customer_id: 'acme', experiment: 'b' }, () =>
      propagation.getActiveBaggage()?.getAllEntries(),
    );
    expect(baggage).toEqual([
      ['customer_id', { value: 'acme' }],
      ['spanledger.tag.experiment', { value: 'b' }],
    ]);
  });

  test('tags in incoming baggage count, foreign baggage does not, the application wins', () => {
    const active = incoming({ customer_id: 'acme', feature: 'chat', secret: 'x', 'spanledger.tag.experiment': 'b' });
    const tags = context.with(active, () => withTags({ feature: 'search' }, () => currentTags(none)));
    expect(tags).toEqual({
      'spanledger.customer_id': 'acme',
      'spanledger.feature': 'search',
      'spanledger.tag.experiment': 'b',
    });
  });

  test('incoming baggage can be ignored', () => {
    const tags = context.with(incoming({ customer_id: 'acme' }), () => currentTags({ fixed: {}, baggage: false }));
    expect(tags).toEqual({});
  });
});

describe('SPANLEDGER_TAGS', () => {
  test.each([
    ['team=search,plan=pro%20annual', { team: 'search', plan: 'pro annual' }],
    [' team = search , nonsense, =x, bad=%zz,a=b=c', { team: 'search', a: 'b=c' }],
    ['', {}],
  ])('%s', (text, expected) => {
    expect(readSettings({ SPANLEDGER_TAGS: text }).tags).toEqual(expected);
  });

  test('is the weakest', () => {
    const sources = { fixed: { team: 'search', feature: 'none' }, baggage: true };
    expect(withTags({ feature: 'chat' }, () => currentTags(sources))).toEqual({
      'spanledger.team': 'search',
      'spanledger.feature': 'chat',
    });
  });
});

describe('tagRequests, in Express', () => {
  const seen: unknown[] = [];
  const app = express();
  app.use(express.json());
  app.use(
    tagRequests((request: express.Request & { tenant?: string }) => {
      if (request.query['broken'] !== undefined) throw new Error('mine');
      return { customer_id: request.tenant, feature: 'chat' };
    }),
  );
  // Signed in after the middleware: the tags of a call are those known when it begins.
  app.use((request: express.Request & { tenant?: string }, _response, next) => {
    request.tenant = 'acme';
    next();
  });
  const api = express.Router();
  api.post('/customers/:id/chat', async (_request, response) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    seen.push(currentTags(none));
    response.json({});
  });
  app.use('/api', api);
  const server = app.listen(0, '127.0.0.1');
  beforeAll(() => (server.listening ? undefined : once(server, 'listening')));
  afterAll(() => server.close());
  const post = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{"a":1}',
    });

  test('the matched route and what later middleware found out', async () => {
    seen.length = 0;
    await post('/api/customers/42/chat?x=1');
    expect(seen).toEqual([
      { 'spanledger.route': '/api/customers/:id/chat', 'spanledger.customer_id': 'acme', 'spanledger.feature': 'chat' },
    ]);
  });

  test('incoming baggage is the weakest, and only its tags count', async () => {
    seen.length = 0;
    await post('/api/customers/42/chat', {
      baggage: 'customer_id=other,plan=pro%20annual;since=2026,team = search ,spanledger.tag.region=eu,secret=1,broken',
    });
    expect(seen).toEqual([
      {
        'spanledger.route': '/api/customers/:id/chat',
        'spanledger.customer_id': 'acme',
        'spanledger.feature': 'chat',
        'spanledger.plan': 'pro annual',
        'spanledger.team': 'search',
        'spanledger.tag.region': 'eu',
      },
    ]);
  });

  test('baggage that is not trusted is not read', () => {
    vi.stubEnv('SPANLEDGER_BAGGAGE', 'off');
    const middleware = tagRequests({ feature: 'chat' });
    vi.unstubAllEnvs();
    let tags: unknown;
    middleware({ headers: { baggage: 'customer_id=other' } }, {}, () => (tags = currentTags(none)));
    expect(tags).toEqual({ 'spanledger.feature': 'chat' });
  });

  test('a function that throws costs its tags and nothing else', async () => {
    seen.length = 0;
    expect((await post('/api/customers/42/chat?broken')).status).toBe(200);
    expect(seen).toEqual([{}]);
  });
});
