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
 * Who may do what. Without any token everybody may: the configuration sees to it that this is so on loopback only, or by
 * the explicit word "insecure". The scope `admin` covers all others.
 *
 * @example accessBy([{ secret: 's3cret', scopes: ['ingest'] }]).allows('Bearer s3cret', 'ingest') // true
 */
export function accessBy(tokens: readonly Token[]): Access {
  const known = tokens.map(({ secret, scopes }) => ({ digest: digest(secret), scopes }));
  return {
    allows(authorization, scope) {
      if (known.length === 0) return true;
      const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
      if (given === undefined) return false;
      const offered = digest(given);
      // Digests are of one length and compared in constant time, so that the time tells nothing of the secret.
      return known.some(
        (token) =>
          timingSafeEqual(token.digest, offered) && (token.scopes.includes(scope) || token.scopes.includes('admin')),
      );
    },
  };
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
