import { tagNames, type TagName, type Tags } from '../call.ts';
import type { AttributeMap, AttributeValue, Span } from '../otlp/request.ts';
import { json } from './attributes.ts';

/** Where else a tag may stand, after `spanledger.<name>` and the bare name, in this order. */
const aliases: Readonly<Partial<Record<TagName, readonly string[]>>> = {
  customer_id: [
    'customer.id',
    'tenant.id',
    'tenant_id',
    'org_id',
    'organization.id',
    'traceloop.association.properties.customer_id',
    'langwatch.customer.id',
  ],
  // What a framework calls the work it does, where nobody named the feature.
  feature: ['gen_ai.workflow.name', 'gen_ai.agent.name', 'gen_ai.prompt.name'],
  route: ['http.route'],
  team: ['team.id'],
  user_id: ['user.id', 'enduser.id', 'enduser.pseudo.id', 'langwatch.user.id'],
  session_id: ['session.id', 'gen_ai.conversation.id', 'langwatch.thread.id'],
  environment: ['deployment.environment.name', 'deployment.environment'],
  service: ['service.name'],
};

/** As the names stand in metadata that an application wrote itself, beside the tag's own name. */
const metadataNames: Readonly<Partial<Record<TagName, readonly string[]>>> = {
  customer_id: ['customerId', 'customer', 'tenant_id', 'tenantId', 'org_id', 'orgId', 'organization_id'],
  task_type: ['taskType'],
  task_id: ['taskId'],
  workspace_id: ['workspaceId'],
  user_id: ['userId'],
  session_id: ['sessionId', 'thread_id', 'threadId'],
};

const EXTRA = 'spanledger.tag.';
/** Bounds on what a stranger's span can make us keep. */
const MAX_EXTRA = 32;
const MAX_LENGTH = 256;

/** Which attributes are tags. */
export interface TagKeys {
  readonly places: ReadonlyMap<string, readonly [name: TagName, rank: number]>;
  /** Attributes that hold metadata as JSON text. */
  readonly json: readonly string[];
  /** The tags of resources: one resource has many spans. */
  readonly resources: WeakMap<AttributeMap, Tags>;
}

export interface TagSources {
  /** Attributes of this dialect, after those that hold for all. */
  readonly names?: Readonly<Partial<Record<TagName, readonly string[]>>>;
  /** What metadata keys begin with: `<prefix>customer_id`, `<prefix>customerId`. */
  readonly prefixes?: readonly string[];
  readonly json?: readonly string[];
}

/** @example tagKeys({ prefixes: ['ai.telemetry.metadata.'], names: { feature: ['ai.telemetry.functionId'] } }) */
export function tagKeys({ names = {}, prefixes = [], json: texts = [] }: TagSources = {}): TagKeys {
  const places = new Map<string, readonly [TagName, number]>();
  for (const name of tagNames) {
    const written = [name, ...(metadataNames[name] ?? [])];
    const prefixed = prefixes.flatMap((prefix) => written.map((each) => `${prefix}${each}`));
    const keys = [`spanledger.${name}`, name, ...prefixed, ...(names[name] ?? []), ...(aliases[name] ?? [])];
    for (const [rank, key] of keys.entries()) if (!places.has(key)) places.set(key, [name, rank]);
  }
  return { places, json: texts, resources: new WeakMap() };
}

/** For dialects that have no names of their own. */
const common = tagKeys();
const inMetadata = new Map(
  tagNames.flatMap((name) => [name, ...(metadataNames[name] ?? [])].map((key, rank) => [key, [name, rank] as const])),
);

/**
 * The tags of a span: its own attributes first, then those of its resource. Read the same way for every dialect, so that
 * `customer_id` works whoever instrumented the call; a dialect adds the names that only its emitters use.
 */
export function readTags(span: Span, keys: TagKeys = common): Tags {
  let resource = keys.resources.get(span.resource);
  if (resource === undefined) {
    resource = tagsOf(span.resource, keys);
    keys.resources.set(span.resource, resource);
  }
  const own = tagsOf(span.attributes, keys);
  const merged: Tags = { ...resource, ...own };
  if (own.extra === undefined || resource.extra === undefined) return merged;
  const extra = Object.entries({ ...own.extra, ...resource.extra, ...own.extra }).slice(0, MAX_EXTRA);
  return { ...merged, extra: Object.fromEntries(extra) };
}

function tagsOf(attributes: AttributeMap, { places, json: texts }: TagKeys): Tags {
  const found: Found = { tags: {}, ranks: undefined };
  let extra: Record<string, string> | undefined;
  // By key: values are read when they are asked for, and most of a span is no tag.
  for (const key of attributes.keys()) {
    const place = places.get(key);
    if (place !== undefined) take(found, place, attributes.get(key), 0);
    else if (key.startsWith(EXTRA)) extra = withExtra(extra, key, attributes.get(key) ?? null);
  }
  for (const key of texts)
    for (const [name, value] of Object.entries(json(attributes, key) ?? {})) {
      const place = inMetadata.get(name);
      if (place !== undefined) take(found, place, value, 1000);
    }
  return extra === undefined ? found.tags : { ...found.tags, extra };
}

interface Found {
  readonly tags: Partial<Record<TagName, string>>;
  /** Of each tag the rank that it was found at; undefined before the first. */
  ranks: Partial<Record<TagName, number>> | undefined;
}

function take(found: Found, [name, rank]: readonly [TagName, number], value: unknown, offset: number): void {
  found.ranks ??= {};
  if (rank + offset >= (found.ranks[name] ?? Infinity)) return;
  const read = tagValue(value);
  if (read === undefined) return;
  found.ranks[name] = rank + offset;
  found.tags[name] = read;
}

function withExtra(
  extra: Record<string, string> | undefined,
  key: string,
  value: AttributeValue,
): Record<string, string> | undefined {
  const name = key.slice(EXTRA.length, EXTRA.length + MAX_LENGTH);
  const read = tagValue(value);
  if (name === '' || name === '__proto__' || read === undefined) return extra;
  const kept = extra ?? {};
  if (!Object.hasOwn(kept, name) && Object.keys(kept).length < MAX_EXTRA) kept[name] = read;
  return kept;
}

/** Undefined for what is no plain value; numbers and booleans as text. */
function tagValue(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value.slice(0, MAX_LENGTH);
  const plain = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  return plain ? String(value) : undefined;
}
