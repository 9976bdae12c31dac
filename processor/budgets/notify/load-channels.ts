import { readBoolean, type Fields, type Place, type Shape, type YamlReader } from '../yaml.ts';
import { readSecret, readUrl } from './secret.ts';
import type { Channel, Secret } from './settings.ts';

/** What the file can't say itself. */
export interface Context {
  /** A path of the file as an absolute one. */
  readonly path: (text: string) => string;
  /** Whether secrets must be there now: where alerts will be sent, but not where a file is checked only. */
  readonly secrets: boolean;
}

/** The section `global`: what receivers have that say nothing else. */
export interface Defaults {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly from?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: Secret | undefined;
  readonly requireTls?: boolean | undefined;
  readonly slackUrl?: Secret | undefined;
}

interface Given {
  readonly defaults: Defaults;
  readonly context: Context;
}

const secretKeys = (name: string): string[] => [name, `${name}_file`, `${name}_env`];

const global: Shape = {
  keys: [
    'smtp_smarthost',
    'smtp_from',
    'smtp_auth_username',
    ...secretKeys('smtp_auth_password'),
    'smtp_require_tls',
    ...secretKeys('slack_api_url'),
  ],
  later: ['resolve_timeout', 'http_config', 'smtp_hello', 'smtp_auth_identity', 'smtp_auth_secret', 'smtp_tls_config'],
};
const alertmanager: Shape = { keys: ['url'], required: ['url'], later: ['timeout', 'http_config', 'url_file'] };
const webhook: Shape = {
  keys: [...secretKeys('url'), 'http_config', 'send_resolved'],
  later: ['max_alerts', 'timeout'],
};
const http: Shape = { keys: ['authorization'], later: ['basic_auth', 'oauth2', 'proxy_url', 'tls_config'] };
const authorization: Shape = { keys: ['type', ...secretKeys('credentials')] };
const slack: Shape = {
  keys: [...secretKeys('api_url'), 'channel', 'send_resolved'],
  later: ['title', 'text', 'username', 'icon_emoji', 'http_config', 'color', 'fields', 'actions'],
};
const email: Shape = {
  keys: [
    'to',
    'from',
    'smarthost',
    'auth_username',
    ...secretKeys('auth_password'),
    'require_tls',
    'tls_config',
    'send_resolved',
  ],
  required: ['to'],
  later: ['headers', 'html', 'text', 'hello', 'auth_identity', 'auth_secret'],
};
const tls: Shape = { keys: ['ca_file'], later: ['insecure_skip_verify', 'cert_file', 'key_file', 'server_name'] };

export function loadGlobal(yaml: YamlReader, place: Place, context: Context): Defaults {
  const fields = yaml.fields(place, global);
  if (fields === undefined) return {};
  return {
    ...value(yaml, fields, 'smtp_smarthost', readSmarthost),
    from: value(yaml, fields, 'smtp_from', readMailAddress),
    username: text(yaml, fields, 'smtp_auth_username'),
    password: loadSecret(yaml, fields, 'smtp_auth_password', context, { hidden: true }),
    requireTls: value(yaml, fields, 'smtp_require_tls', readBoolean),
    slackUrl: loadSecret(yaml, fields, 'slack_api_url', context, { read: readUrl }),
  };
}

export function loadAlertmanager(yaml: YamlReader, place: Place, name: string): Channel | undefined {
  const fields = yaml.fields(place, alertmanager);
  const url = fields && value(yaml, fields, 'url', readUrl);
  return url && { kind: 'alertmanager', place: name, url };
}

export function loadWebhook(yaml: YamlReader, place: Place, name: string, { context }: Given): Channel | undefined {
  const fields = yaml.fields(place, webhook);
  if (fields === undefined) return undefined;
  const url = needSecret(yaml, place, fields, 'url', context, undefined);
  const sendResolved = resolved(yaml, fields);
  const httpAt = fields.get('http_config');
  const authorized = httpAt && loadAuthorization(yaml, httpAt, context);
  if (url === undefined) return undefined;
  return { kind: 'webhook', place: name, url, authorization: authorized, sendResolved };
}

export function loadSlack(
  yaml: YamlReader,
  place: Place,
  name: string,
  { defaults, context }: Given,
): Channel | undefined {
  const fields = yaml.fields(place, slack);
  if (fields === undefined) return undefined;
  const url = needSecret(yaml, place, fields, 'api_url', context, defaults.slackUrl);
  const channel = text(yaml, fields, 'channel');
  const sendResolved = resolved(yaml, fields);
  return url && { kind: 'slack', place: name, url, channel, sendResolved };
}

export function loadEmail(
  yaml: YamlReader,
  place: Place,
  name: string,
  { defaults, context }: Given,
): Channel | undefined {
  const fields = yaml.fields(place, email);
  if (fields === undefined) return undefined;
  const to = value(yaml, fields, 'to', (list) => list.split(',').map((one) => readMailAddress(one.trim())));
  const from = value(yaml, fields, 'from', readMailAddress) ?? defaults.from;
  const server = value(yaml, fields, 'smarthost', readSmarthost) ?? defaults;
  const { host, port } = server;
  const username = text(yaml, fields, 'auth_username') ?? defaults.username;
  const password = loadSecret(yaml, fields, 'auth_password', context, { hidden: true }) ?? defaults.password;
  const requireTls = value(yaml, fields, 'require_tls', readBoolean) ?? defaults.requireTls ?? true;
  const tlsAt = fields.get('tls_config');
  const tlsFields = tlsAt && yaml.fields(tlsAt, tls);
  const caFile = tlsFields && value(yaml, tlsFields, 'ca_file', (path) => context.path(path));
  if (from === undefined && !fields.has('from'))
    yaml.wrong(place, '"from" is missing, here or as smtp_from in "global"');
  if (host === undefined && !fields.has('smarthost'))
    yaml.wrong(place, '"smarthost" is missing, here or as smtp_smarthost in "global"');
  if ((username === undefined) !== (password === undefined))
    yaml.wrong(place, 'auth_username and auth_password_file (or auth_password_env) belong together');
  if (to === undefined || from === undefined || host === undefined || port === undefined) return undefined;
  const login = username === undefined || password === undefined ? undefined : { username, password };
  const sendResolved = resolved(yaml, fields);
  return { kind: 'email', place: name, to, from, host, port, login, requireTls, caFile, sendResolved };
}

function loadAuthorization(
  yaml: YamlReader,
  place: Place,
  context: Context,
): Extract<Channel, { kind: 'webhook' }>['authorization'] {
  const at = yaml.fields(place, http)?.get('authorization');
  const fields = at && yaml.fields(at, authorization);
  if (fields === undefined || at === undefined) return undefined;
  const type = value(yaml, fields, 'type', readScheme) ?? 'Bearer';
  const credentials = loadSecret(yaml, fields, 'credentials', context, { hidden: true });
  if (credentials === undefined && fields.size === (fields.has('type') ? 1 : 0))
    yaml.wrong(at, '"credentials_file" or "credentials_env" is missing');
  return credentials && { type, credentials };
}

/** @param instead what `global` says */
function needSecret(
  yaml: YamlReader,
  place: Place,
  fields: Fields,
  name: string,
  context: Context,
  instead: Secret | undefined,
): Secret | undefined {
  const secret = loadSecret(yaml, fields, name, context, { read: readUrl }) ?? instead;
  const said = secretKeys(name).some((key) => yaml.has(place, key));
  if (secret === undefined && !said) yaml.wrong(place, `"${name}" is missing`);
  return secret;
}

/**
 * Reads `name`, `name_file` or `name_env`. Never repeats what stands there.
 *
 * @param hidden whether it must not stand in the file itself
 */
function loadSecret(
  yaml: YamlReader,
  fields: Fields,
  name: string,
  context: Context,
  {
    hidden = false,
    read = (secret: string): unknown => secret,
  }: { hidden?: boolean; read?: (text: string) => unknown },
): Secret | undefined {
  const [given, file, env] = [fields.get(name), fields.get(`${name}_file`), fields.get(`${name}_env`)];
  const [first, second] = [given, file, env].filter((at) => at !== undefined);
  if (first === undefined) return undefined;
  if (second !== undefined) return yaml.wrong(second, `there is "${first.name}" already`);
  if (given !== undefined) {
    if (hidden)
      return yaml.wrong(
        { ...given, offset: given.keyOffset },
        `does not stand in this file; write ${name}_file or ${name}_env`,
      );
    return yaml.value(given, (value): Secret => {
      read(value);
      return { kind: 'given', value };
    });
  }
  const readPlace = (text: string): Secret => {
    if (file === undefined && !/^\w+$/.test(text)) throw new RangeError(`this is not the name of a variable`);
    const secret: Secret =
      file === undefined ? { kind: 'env', name: text } : { kind: 'file', path: context.path(text) };
    if (context.secrets) read(readSecret(secret));
    return secret;
  };
  return yaml.value(first, readPlace);
}

function value<T>(yaml: YamlReader, fields: Fields, key: string, read: (text: string) => T): T | undefined {
  const at = fields.get(key);
  return at && yaml.value(at, read);
}

function text(yaml: YamlReader, fields: Fields, key: string): string | undefined {
  return value(yaml, fields, key, (text) => text);
}

function resolved(yaml: YamlReader, fields: Fields): boolean {
  return value(yaml, fields, 'send_resolved', readBoolean) ?? true;
}

function readSmarthost(text: string): { readonly host: string; readonly port: number } {
  const [, host = '', port = ''] = /^(\[[0-9a-fA-F:]+\]|[^\s:/@]+):(\d{1,5})$/.exec(text) ?? [];
  if (host !== '' && Number(port) > 0 && Number(port) < 65_536)
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  throw new RangeError(`"${text.slice(0, 100)}" is not a host and port such as smtp.example.com:587`);
}

function readMailAddress(text: string): string {
  if (text.length <= 320 && /^([^<>\r\n]*<)?[^\s@<>,;]+@[^\s@<>,;]+>?$/.test(text)) return text;
  throw new RangeError(`"${text.slice(0, 100)}" is not a mail address such as ops@example.com`);
}

function readScheme(text: string): string {
  if (/^[A-Za-z][\w-]*$/.test(text)) return text;
  throw new RangeError('this is not the name of a scheme such as Bearer');
}
