import { createHash } from 'node:crypto';
import type { Tags } from '../call.ts';
import type { Explanation } from '../explain.ts';

/** What an operation's name looks like, with a model behind it: nothing of a prompt, and of no customer. */
const PLAIN_NAME = /^[a-zA-Z_.]{1,40}( [\w.:/@-]{1,80})?$/;

/**
 * The same reading and the same figures, without what somebody could be known by: tags are hashes, so that the same one is
 * still seen to be the same, and a span's name stays only if it looks like the usual ones.
 */
export function redacted(explained: Explanation): Explanation {
  const { span, call } = explained;
  const name = PLAIN_NAME.test(span.name) ? span.name : hash(span.name);
  if (call === undefined) return { ...explained, span: { ...span, name } };
  return { ...explained, span: { ...span, name }, call: { ...call, tags: redactedTags(call.tags) } };
}

function redactedTags({ extra, ...named }: Tags): Tags {
  const hashed = Object.fromEntries(Object.entries(named).map(([key, value]) => [key, hash(value)]));
  if (extra === undefined) return hashed;
  return { ...hashed, extra: Object.fromEntries(Object.entries(extra).map(([key, value]) => [key, hash(value)])) };
}

function hash(text: string): string {
  return `#${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
}
