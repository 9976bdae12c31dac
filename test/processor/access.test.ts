import { expect, it } from 'vitest';
import { accessBy, type AccessScope, type Token } from '../../processor/access.ts';

const ingest: Token = { secret: 'secret-of-the-collector', scopes: ['ingest'] };
const admin: Token = { secret: 'secret-of-the-admin', scopes: ['admin'] };

it.each<[string, readonly Token[], boolean, string | undefined, AccessScope, boolean]>([
  ['no token, on loopback', [], true, undefined, 'read', true],
  ['no token, elsewhere', [], false, undefined, 'read', false],
  ['the right one', [ingest], false, 'Bearer secret-of-the-collector', 'ingest', true],
  ['in lower case', [ingest], false, 'bearer secret-of-the-collector', 'ingest', true],
  ['a wrong one', [ingest], true, 'Bearer secret-of-the-collectoR', 'ingest', false],
  ['none given', [ingest], true, undefined, 'ingest', false],
  ['an empty one', [ingest], true, 'Bearer ', 'ingest', false],
  ['another scheme', [ingest], true, 'Basic secret-of-the-collector', 'ingest', false],
  ['another scope, on loopback', [ingest], true, undefined, 'read', true],
  ['another scope, elsewhere', [ingest], false, 'Bearer secret-of-the-collector', 'read', false],
  ['the admin, for anything', [ingest, admin], false, 'Bearer secret-of-the-admin', 'guard', true],
  ['an admin closes all, even on loopback', [admin], true, undefined, 'read', false],
])('%s', (_, tokens, open, authorization, scope, allowed) => {
  expect(accessBy(tokens, open).allows(authorization, scope)).toBe(allowed);
});
