import { tagNames, type TagName, type Tags } from '../call.ts';
import type { AttributeMap, AttributeValue, Span } from '../otlp/request.ts';

/** Where else a tag may stand, after `spanledger.<name>` and the bare name, in this order. */
const aliases: Readonly<Partial<Record<TagName, readonly string[]>>> = {
  customer_id: [
    'customer.id',
    'tenant.id',
    'tenant_id',
    'org_id',
    'organization.id',
    'traceloop.association.properties.customer_id',
  ],
  route: ['http.route'],
  team: ['team.id'],
  user_id: ['user.id', 'enduser.id'],
  session_id: ['session.id', 'gen_ai.conversation.id'],
  environment: ['deployment.environment.name', 'deployment.environment'],
  service: ['service.name'],
};
const keysOf: readonly (readonly [TagName, readonly string[]])[] = tagNames.map((name) => [
  name,
  [`spanledger.${name}`, name, ...(aliases[name] ?? [])],
]);

const EXTRA = 'spanledger.tag.';
/** Bounds on what a stranger's span can make us keep. */
const MAX_EXTRA = 32;
const MAX_LENGTH = 256;

/**
 * The tags of a span: its own attributes first, then those of its resource. Read the same way for every dialect, so that
 * `customer_id` works whoever instrumented the call.
 */
export function readTags(span: Span): Tags {
  const tags: Partial<Record<TagName, string>> = {};
  for (const [name, keys] of keysOf) {
    const value = first(span.attributes, keys) ?? first(span.resource, keys);
    if (value !== undefined) tags[name] = value;
  }
  const extra: Record<string, string> = {};
  for (const attributes of [span.attributes, span.resource]) readExtra(attributes, extra);
  return Object.keys(extra).length === 0 ? tags : { ...tags, extra };
}

function first(attributes: AttributeMap, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = tagValue(attributes.get(key));
    if (value !== undefined) return value;
  }
  return undefined;
}

function readExtra(attributes: AttributeMap, extra: Record<string, string>): void {
  for (const [key, value] of attributes) {
    if (!key.startsWith(EXTRA)) continue;
    const name = key.slice(EXTRA.length, EXTRA.length + MAX_LENGTH);
    const read = tagValue(value);
    if (name === '' || name === '__proto__' || read === undefined || Object.hasOwn(extra, name)) continue;
    if (Object.keys(extra).length >= MAX_EXTRA) return;
    extra[name] = read;
  }
}

/** Undefined for what is no plain value; numbers and booleans as text. */
function tagValue(value: AttributeValue | undefined): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value.slice(0, MAX_LENGTH);
  const plain = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  return plain ? String(value) : undefined;
}
