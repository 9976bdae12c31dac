import { createHash, timingSafeEqual } from 'node:crypto';

export const scopes = ['ingest', 'read', 'guard', 'admin'] as const;
export type AccessScope = (typeof scopes)[number];

export interface Token {
  readonly secret: string;
  readonly scopes: readonly AccessScope[];
}

export interface Access {
  /** Whether a request with this Authorization header may do what `scope` covers. */
  allows(authorization: string | undefined, scope: AccessScope): boolean;
}

/**
 * Who may do what on one listener. `open` is what holds for a scope that no token covers: everybody on loopback or by the
 * explicit word "insecure", nobody elsewhere. The scope `admin` covers all others.
 *
 * @example accessBy([{ secret: 's3cret', scopes: ['ingest'] }], false).allows('Bearer s3cret', 'ingest') // true
 */
export function accessBy(tokens: readonly Token[], open: boolean): Access {
  const known = tokens.map((token) => ({ digest: digest(token.secret), token }));
  return {
    allows(authorization, scope) {
      const covering = known.filter(({ token }) => covers(token, scope));
      if (covering.length === 0) return open;
      const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
      if (given === undefined) return false;
      const offered = digest(given);
      // Digests are of one length and compared in constant time, so that the time tells nothing of the secret.
      return covering.some((token) => timingSafeEqual(token.digest, offered));
    },
  };
}

export function covers({ scopes }: Pick<Token, 'scopes'>, scope: AccessScope): boolean {
  return scopes.includes(scope) || scopes.includes('admin');
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
