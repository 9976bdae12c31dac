import { fromDisjoint } from '../pricing/usage/usage.ts';
import { isJson, type Json, type WireApi } from './apis/api.ts';

/** Where the credits of a request stand: in a header or a field of the answer, or they are always the same. */
export type Credits =
  | { readonly from: 'header'; readonly name: string }
  | { readonly from: 'body'; readonly path: readonly string[] }
  | { readonly from: 'rule'; readonly count: number };

/** A paid API that is no model's: search, scraping, geocoding. */
export interface DataApi {
  /** `api.search.example`: the provider of its calls. */
  readonly host: string;
  /** `/v1/search*`: the model of its calls, because a path itself may name a customer. */
  readonly path: string;
  readonly credits: Credits;
  readonly wire: WireApi;
}

/**
 * Reads `SPANLEDGER_DATA_APIS`: `host/path=credits` between commas. `*` in the path stands for anything; credits are a whole
 * number, `header:NAME` or `body:FIELD.FIELD` of the answer.
 *
 * @example readDataApis('api.search.example/v1/search*=header:x-credits-used,api.maps.example/geocode=1').apis[1].path // '/geocode'
 */
export function readDataApis(text: string): { readonly apis: readonly DataApi[]; readonly unread: readonly string[] } {
  const apis: DataApi[] = [];
  const unread: string[] = [];
  for (const part of text.split(',').map((part) => part.trim())) {
    if (part === '') continue;
    const [, host = '', path = '', rule = ''] = /^([\w.-]+(?::\d+)?)(\/[^=?#]*)=(.+)$/.exec(part) ?? [];
    const credits = readCredits(rule.trim());
    if (credits === undefined) unread.push(part);
    else apis.push({ host: host.toLowerCase(), path, credits, wire: wireOf(path, credits) });
  }
  return { apis, unread };
}

function readCredits(rule: string): Credits | undefined {
  if (/^\d{1,9}$/.test(rule)) return { from: 'rule', count: Number(rule) };
  const [, from, name = ''] = /^(header|body):([\w.-]+)$/.exec(rule) ?? [];
  if (from === 'header') return { from, name };
  return from === 'body' ? { from, path: name.split('.') } : undefined;
}

/** The narrowest one that fits: with the most literal text in its path. */
export function findDataApi(apis: readonly DataApi[], url: URL): DataApi | undefined {
  let found: DataApi | undefined;
  for (const api of apis) {
    if (api.host !== url.host && api.host !== url.hostname) continue;
    if (fits(api.path, url.pathname) && (found === undefined || literal(api) > literal(found))) found = api;
  }
  return found;
}

function fits(pattern: string, path: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return path === pattern;
  const last = rest.pop() ?? '';
  if (!path.startsWith(first) || !path.endsWith(last) || path.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of rest) {
    const next = path.indexOf(part, at);
    if (next < 0 || next + part.length > path.length - last.length) return false;
    at = next + part.length;
  }
  return true;
}

const literal = ({ path }: DataApi): number => path.replaceAll('*', '').length;

/** Its answers, as far as they say what was used. */
function wireOf(path: string, credits: Credits): WireApi {
  return {
    name: 'data-api',
    operation: 'data_api',
    request: () => ({ model: path, maxTokens: undefined, stream: false }),
    readBody(body, into) {
      if (credits.from === 'body') into.block = fieldOf(body, credits.path);
      into.complete = true;
    },
    readEvent: () => {},
    readUsage: (block) => {
      if (block === undefined || block === null || block === '') return { usage: { status: 'missing' } };
      return { usage: fromDisjoint({ credit: Number(block) }, 'reported') };
    },
    input: () => [],
  };
}

function fieldOf(body: Json, path: readonly string[]): unknown {
  let value: unknown = body;
  for (const name of path) value = isJson(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}
