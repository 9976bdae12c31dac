import {
  context,
  createContextKey,
  propagation,
  type Attributes,
  type Baggage,
  type Context,
} from '@opentelemetry/api';
import { AsyncLocalStorage } from 'node:async_hooks';
import { guarded } from './contain.ts';
import { parsePairs } from './settings.ts';

/** Whose cost it is. Other keys are kept as well, as `spanledger.tag.<key>`. Empty values are no tags. */
export interface Tags {
  readonly customer_id?: TagValue;
  readonly feature?: TagValue;
  readonly route?: TagValue;
  readonly task_type?: TagValue;
  readonly task_id?: TagValue;
  readonly team?: TagValue;
  readonly plan?: TagValue;
  readonly workspace_id?: TagValue;
  readonly user_id?: TagValue;
  readonly session_id?: TagValue;
  readonly environment?: TagValue;
  readonly [key: string]: TagValue;
}
export type TagValue = string | number | boolean | null | undefined;

/** Tag names and the attribute each is written to: a convention's own where one exists. */
const attributeOf = new Map([
  ...['customer_id', 'feature', 'route', 'task_type', 'task_id', 'team', 'plan', 'workspace_id'].map(
    (name) => [name, `spanledger.${name}`] as const,
  ),
  ['user_id', 'user.id'],
  ['session_id', 'session.id'],
  ['environment', 'deployment.environment.name'],
]);
const extraPrefix = 'spanledger.tag.';

/** Bounds, so that a mistake in the application cannot blow up spans, headers or the ledger. */
const most = { extras: 32, key: 64, value: 256 } as const;

type Plain = Readonly<Record<string, string>>;

/** What is in force: fixed tags, and those that are only known when a call begins (the matched route, the signed-in user). */
interface Scope {
  readonly tags: Plain;
  readonly late?: () => Tags | undefined;
  readonly outer?: Scope | undefined;
}

// One store for the process: the bundled preload and `import 'spanledger'` are two copies of this file.
const slot = Symbol.for('spanledger.tags');
const shared = globalThis as { [slot]?: AsyncLocalStorage<Scope> };
const storage = (shared[slot] ??= new AsyncLocalStorage<Scope>());

/**
 * Runs `work` with tags on every call that it makes, in addition to those in force and winning over them. Returns what
 * `work` returns. With an OpenTelemetry context manager in the process the tags are baggage as well, so that they reach
 * your other services; they are never sent to a model provider.
 *
 * @example await withTags({ customer_id: 'acme', feature: 'summarizer' }, () => client.responses.create({ … }))
 */
export function withTags<T>(tags: Tags, work: () => T): T {
  if (typeof work !== 'function') throw new TypeError('withTags(tags, work): work is not a function');
  const plain = guarded(() => plainTags(tags)) ?? {};
  return run({ tags: plain, outer: storage.getStore() }, plain, work);
}

/** Runs `work` with the tags of a `baggage` header, which are the weakest: those of the application win over them. */
export function withBaggageTags<T>(header: string, work: () => T): T {
  const tags = guarded(() => headerTags(header)) ?? {};
  const outer = storage.getStore();
  return storage.run({ tags, outer }, work);
}

/** `late` is asked again whenever a call begins; what it says wins over `tags`. */
export function withLateTags<T>(tags: Tags, late: () => Tags | undefined, work: () => T): T {
  const plain = guarded(() => plainTags(tags)) ?? {};
  return run({ tags: plain, late, outer: storage.getStore() }, plain, work);
}

function run<T>(scope: Scope, plain: Plain, work: () => T): T {
  const active = guarded(() => withBaggage(context.active(), plain));
  if (active === undefined) return storage.run(scope, work);
  return storage.run(scope, () => context.with(active, work));
}

function withBaggage(active: Context, plain: Plain): Context | undefined {
  const entries = Object.entries(plain);
  if (entries.length === 0) return undefined;
  let baggage = propagation.getBaggage(active) ?? propagation.createBaggage();
  for (const [key, value] of entries)
    baggage = baggage.setEntry(attributeOf.has(key) ? key : `${extraPrefix}${key}`, { value });
  return propagation.setBaggage(active, baggage);
}

export interface TagSources {
  /** The weakest: tags of the whole process. */
  readonly fixed: Plain;
  /** Whether tags in incoming baggage count. */
  readonly baggage: boolean;
}

/** http and framework instrumentations leave the matched route here. */
const rpcMetadata = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA');

/** The tags in force, as span attributes. Total: a function of the application that throws has no say. */
export function currentTags(sources: TagSources, active: Context = context.active()): Attributes {
  const scope = storage.getStore();
  const baggage = sources.baggage ? propagation.getBaggage(active) : undefined;
  const route = routeOf(active);
  // Most calls of most applications have none: they pay nothing for it.
  if (scope === undefined && baggage === undefined && route === undefined && sources.fixed === noTags) return noTags;
  const tags: Record<string, string> = { ...sources.fixed };
  if (baggage !== undefined) Object.assign(tags, baggageTags(baggage));
  if (route !== undefined) tags['route'] ??= route.slice(0, most.value);
  collect(scope, tags);
  return attributesOf(tags);
}

/** The tags of a process that has none; the same object, so that it is quickly seen. */
export const noTags: Plain = Object.freeze({});

function routeOf(active: Context): string | undefined {
  const metadata = active.getValue(rpcMetadata) as { readonly route?: unknown } | undefined;
  return typeof metadata?.route === 'string' ? metadata.route : undefined;
}

function collect(scope: Scope | undefined, into: Record<string, string>): void {
  if (scope === undefined) return;
  collect(scope.outer, into);
  Object.assign(into, scope.tags);
  const { late } = scope;
  if (late !== undefined)
    Object.assign(
      into,
      guarded(() => plainTags(late() ?? {})),
    );
}

function baggageTags(baggage: Baggage): Plain {
  return tagsAmong(baggage.getAllEntries().map(([key, { value }]) => [key, value]));
}

/** https://www.w3.org/TR/baggage/: members between commas, properties after semicolons; 8192 bytes at most. */
function headerTags(header: string): Plain {
  const members = header.slice(0, 8192).split(',');
  return tagsAmong(Object.entries(parsePairs(members.map((member) => member.replace(/;.*$/, '')).join(','))));
}

function tagsAmong(entries: readonly (readonly [string, string])[]): Plain {
  const tags: Record<string, string> = {};
  for (const [key, value] of entries) {
    if (attributeOf.has(key)) tags[key] = value;
    else if (key.startsWith(extraPrefix)) tags[key.slice(extraPrefix.length)] = value;
  }
  return plainTags(tags);
}

/** Text within bounds. Known names come first, so that many odd ones cannot push them out. */
function plainTags(tags: Tags): Plain {
  const plain: Record<string, string> = {};
  let extras = 0;
  for (const [key, value] of Object.entries(tags)) {
    if (value === undefined || value === null || value === '') continue;
    if (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol') continue;
    if (!attributeOf.has(key) && (key === '' || key.length > most.key || ++extras > most.extras)) continue;
    plain[key] = String(value).slice(0, most.value);
  }
  return plain;
}

function attributesOf(tags: Plain): Attributes {
  const attributes: Attributes = {};
  let extras = 0;
  for (const [key, value] of Object.entries(tags)) {
    const name = attributeOf.get(key);
    if (name !== undefined) attributes[name] = value;
    else if (++extras <= most.extras) attributes[`${extraPrefix}${key}`] = value;
  }
  return attributes;
}
