import { readDataApis, type DataApi } from './data-apis.ts';

import type { ContentCapture } from './content.ts';

/** What the environment asks of the instrumentation. Read once, at start; the standard OTEL_* variables beside it. */
export interface Settings {
  /** `SPANLEDGER_TAGS`, in the syntax of `OTEL_RESOURCE_ATTRIBUTES`: tags of every call of this process. */
  readonly tags: Readonly<Record<string, string>>;
  /** Tags from incoming baggage; `SPANLEDGER_BAGGAGE=off` where the callers are not trusted. */
  readonly baggage: boolean;
  /** Ask chat streams for their usage; `SPANLEDGER_STREAM_USAGE=off` leaves every request as the application made it. */
  readonly askForUsage: boolean;
  /** `SPANLEDGER_DATA_APIS`: paid APIs that are no model's, and where their credits stand (data-apis.ts). */
  readonly dataApis: readonly DataApi[];
  /** Announce calls that are open for more than a second; `SPANLEDGER_MARKERS=off` does not. */
  readonly markers: boolean;
  /** `SPANLEDGER_LAST_GASP=on`: deliver what is left on `process.exit()` and crashes too, which holds them up. */
  readonly lastGasp: boolean;
  /** `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`: where prompts and answers are written; undefined for nowhere. */
  readonly content: ContentCapture | undefined;
  /** Where spans go, without credentials and query: for people. */
  readonly endpoint: string;
  /** What can't be meant as it stands, one line each. */
  readonly mistakes: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @example readSettings({ SPANLEDGER_TAGS: 'team=search,environment=production' }).tags // { team: 'search', … } */
export function readSettings(env: Environment): Settings {
  return {
    tags: parsePairs(env['SPANLEDGER_TAGS'] ?? ''),
    baggage: env['SPANLEDGER_BAGGAGE'] !== 'off',
    askForUsage: env['SPANLEDGER_STREAM_USAGE'] !== 'off',
    dataApis: readDataApis(env['SPANLEDGER_DATA_APIS'] ?? '').apis,
    markers: env['SPANLEDGER_MARKERS'] !== 'off',
    lastGasp: env['SPANLEDGER_LAST_GASP'] === 'on',
    content: contentPlaces(env),
    endpoint: readableEndpoint(env),
    mistakes: mistakesOf(env),
  };
}

/**
 * `key=value` pairs between commas, percent-encoded where needed. A pair that cannot be read is left out.
 * https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable
 *
 * @example parsePairs('team=search,plan=pro%20annual') // { team: 'search', plan: 'pro annual' }
 */
export function parsePairs(text: string): Readonly<Record<string, string>> {
  const pairs: Record<string, string> = {};
  for (const part of text.split(',')) {
    const at = part.indexOf('=');
    if (at < 1) continue;
    const [key, value] = [decode(part.slice(0, at)), decode(part.slice(at + 1))];
    if (key !== undefined && key !== '' && value !== undefined) pairs[key] = value;
  }
  return pairs;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return undefined;
  }
}

const endpointNames = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const;
const protocolNames = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'] as const;

const contentName = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';
/** Both forms of the variable: that of JavaScript's instrumentations and that of Python's. */
const places: Readonly<Record<string, ContentCapture>> = {
  true: { span: true, event: false },
  false: { span: false, event: false },
  no_content: { span: false, event: false },
  span_only: { span: true, event: false },
  event_only: { span: false, event: true },
  span_and_event: { span: true, event: true },
};

function contentPlaces(env: Environment): ContentCapture | undefined {
  const found = places[env[contentName]?.trim().toLowerCase() ?? ''];
  return found !== undefined && (found.span || found.event) ? found : undefined;
}

function mistakesOf(env: Environment): string[] {
  const mistakes: string[] = [];
  const endpoint = endpointNames.find((name) => env[name]);
  // Not repeated: a value that is no URL may still hold a secret.
  if (endpoint !== undefined && httpUrl(env[endpoint] ?? '') === undefined)
    mistakes.push(`${endpoint} is not a URL such as http://localhost:4318: nothing can be sent`);
  const protocol = protocolNames.find((name) => env[name]);
  if (protocol !== undefined && env[protocol] === 'grpc')
    mistakes.push(
      `${protocol}=grpc: spans are sent over HTTP all the same, to port 4318 unless an endpoint says otherwise`,
    );
  const content = env[contentName]?.trim().toLowerCase();
  if (content !== undefined && content !== '' && places[content] === undefined)
    mistakes.push(`${contentName} is not one of ${Object.keys(places).join(', ')}: no content is captured`);
  for (const part of readDataApis(env['SPANLEDGER_DATA_APIS'] ?? '').unread)
    mistakes.push(
      `SPANLEDGER_DATA_APIS: "${part}" can't be read; write host/path=1, host/path=header:NAME or host/path=body:FIELD`,
    );
  const tags = (env['SPANLEDGER_TAGS'] ?? '').split(',').filter((part) => part.trim() !== '');
  const unread = tags.filter((part) => Object.keys(parsePairs(part)).length === 0).length;
  if (unread > 0)
    mistakes.push(
      `SPANLEDGER_TAGS: ${unread} of ${tags.length} can't be read; write team=search,environment=production`,
    );
  return mistakes;
}

function readableEndpoint(env: Environment): string {
  const name = endpointNames.find((key) => env[key]);
  if (name === undefined) return 'http://localhost:4318';
  const url = httpUrl(env[name] ?? '');
  return url === undefined ? `nowhere (${name})` : `${url.origin}${url.pathname === '/' ? '' : url.pathname}`;
}

function httpUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : undefined;
}
