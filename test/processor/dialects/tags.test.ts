import { expect, it } from 'vitest';
import { readTags } from '../../../processor/dialects/tags.ts';
import { makeSpan } from '../../support/span.ts';

type Plain = Readonly<Record<string, string | number>>;

it.each<[string, Plain, Plain, object]>([
  [
    'our own names',
    { 'spanledger.customer_id': 'acme', 'spanledger.task_id': 't' },
    {},
    { customer_id: 'acme', task_id: 't' },
  ],
  [
    'bare names',
    { customer_id: 'acme', feature: 'chat', plan: 'pro' },
    {},
    { customer_id: 'acme', feature: 'chat', plan: 'pro' },
  ],
  ['our own name before the bare one', { customer_id: 'b', 'spanledger.customer_id': 'a' }, {}, { customer_id: 'a' }],
  ['customer.id', { 'customer.id': 'acme' }, {}, { customer_id: 'acme' }],
  ['tenant.id', { 'tenant.id': 'acme' }, {}, { customer_id: 'acme' }],
  ['tenant_id', { tenant_id: 'acme' }, {}, { customer_id: 'acme' }],
  ['org_id', { org_id: 'acme' }, {}, { customer_id: 'acme' }],
  ['organization.id', { 'organization.id': 'acme' }, {}, { customer_id: 'acme' }],
  ['an association property', { 'traceloop.association.properties.customer_id': 'acme' }, {}, { customer_id: 'acme' }],
  ['http.route', { 'http.route': '/a' }, {}, { route: '/a' }],
  ['a route of our own before it', { 'http.route': '/a', 'spanledger.route': '/b' }, {}, { route: '/b' }],
  ['user and session', { 'user.id': 'u', 'gen_ai.conversation.id': 'c' }, {}, { user_id: 'u', session_id: 'c' }],
  [
    'the resource',
    {},
    { 'service.name': 'shop', 'deployment.environment.name': 'prod', 'team.id': 'growth' },
    { service: 'shop', environment: 'prod', team: 'growth' },
  ],
  ['the older name of the environment', {}, { 'deployment.environment': 'prod' }, { environment: 'prod' }],
  ['the span before the resource', { 'customer.id': 'a' }, { 'spanledger.customer_id': 'b' }, { customer_id: 'a' }],
  ['a number', { customer_id: 42 }, {}, { customer_id: '42' }],
  ['an empty value as none', { 'spanledger.customer_id': '', customer_id: 'a' }, {}, { customer_id: 'a' }],
  ['tags of any other name', { 'spanledger.tag.experiment': 'b' }, {}, { extra: { experiment: 'b' } }],
  ['nothing', { other: 'x' }, {}, {}],
])('reads %s', (_, attributes, resource, expected) => {
  expect(readTags(makeSpan({ attributes, resource }))).toEqual(expected);
});

it('bounds what a span can make us keep', () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`spanledger.tag.t${i}`, 'v']));
  const tags = readTags(makeSpan({ attributes: { ...many, customer_id: 'x'.repeat(10_000) } }));
  expect(Object.keys(tags.extra ?? {})).toHaveLength(32);
  expect(tags.customer_id).toHaveLength(256);
});
