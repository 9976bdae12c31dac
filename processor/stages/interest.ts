import { dialects } from '../dialects/index.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Interest } from '../otlp/request.ts';
import { MARKED } from './marker.ts';

/** Names of scopes that are remembered; a stranger who makes them up costs himself time, and us no memory. */
const MAX_SCOPES = 1024;

/**
 * The spans that one of these dialects would be asked about, and our own markers. All others are passed on unread. Made
 * from the dialects themselves, by the same two things that `callReader` goes by: a new one can't be forgotten here.
 *
 * @example traceReader(interestOf(dialects))
 */
export function interestOf(list: readonly Dialect[]): Interest {
  const known = new Map<string, boolean>();
  return {
    keys: new Set([...list.flatMap(({ keys }) => keys), MARKED]),
    isScope(name) {
      let is = known.get(name);
      if (is !== undefined) return is;
      is = list.some(({ scopes }) => scopes?.test(name) === true);
      if (known.size < MAX_SCOPES) known.set(name, is);
      return is;
    },
  };
}

export const interest: Interest = interestOf(dialects);
