import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { scopes, type Token } from './access.ts';
import type { Address } from './address.ts';
import { YamlReader, type Fields, type Place } from './budgets/yaml.ts';
import { mistakesBeside } from './config-beside.ts';
import { ONLY, readForward } from './config-forward.ts';
import { readLedgerPlace, readPlace, withPassword, type LedgerSettings } from './config-ledger.ts';
import { requireProtected, sameAddress } from './config-listen.ts';
import { readMetrics } from './config-metrics.ts';
import { readServerTls } from './config-tls.ts';
import { packagedPrices, readPrices, type PriceSettings } from './config-prices.ts';
import { readHouseDialects } from './config-dialects.ts';
import { defaultWindow, readWindow, type WindowSettings } from './config-window.ts';
import {
  readAddress,
  readAddressOrOff,
  readEndpoint,
  readExisting,
  readFlag,
  readHeaderList,
  readScope,
  readSecret,
  readTimezone,
  set,
} from './config-values.ts';
import type { HouseDialect } from './dialects/house.ts';
import { SpanledgerError } from './errors.ts';
import type { ForwardTarget } from './exporters/index.ts';
import type { MetricsPush } from './metrics/push.ts';
import { defaultRetention, readAge, type Retention } from './retention.ts';
import type { ServerTls } from './receivers/tls.ts';
import { isPostgres } from './stores/postgres/location.ts';

/** Everything that can be set. The file is spanledger.yaml; variables of the environment win over it. */
export interface Config {
  readonly listen: {
    /** OTLP/HTTP: `listen.otlp`, SPANLEDGER_LISTEN_OTLP. */
    readonly otlp: Address;
    /**
     * OTLP/gRPC: `listen.grpc`, SPANLEDGER_LISTEN_GRPC; undefined for `off`. By default 127.0.0.1:4317; off where only the
     * address of OTLP/HTTP is set, because two processors on one machine can't both have it.
     */
    readonly grpc: Address | undefined;
    /** HTTPS for both OTLP listeners: `listen.tls` (`cert`, `key`, and `client_ca` for mutual TLS), paths of PEM files. */
    readonly tls: ServerTls | undefined;
    /** API, metrics and page: `listen.api`, SPANLEDGER_LISTEN_API. */
    readonly api: Address;
    /** Lets everybody who reaches an address use it: `listen.insecure`, SPANLEDGER_INSECURE. */
    readonly insecure: boolean;
  };
  /**
   * Path of the ledger, absolute, or the URL of a PostgreSQL database with its password: `ledger`, SPANLEDGER_LEDGER,
   * SPANLEDGER_LEDGER_PASSWORD. In the file, paths are relative to the file. Never printed as it is: see `shownLedger`.
   */
  readonly ledger: string;
  /** The URL of a server that follows the database, for questions: `ledger.replica`, SPANLEDGER_LEDGER_REPLICA. */
  readonly replica: string | undefined;
  /** Folder of the files that stand beside the ledger: `data`, SPANLEDGER_DATA; undefined: that of the ledger file. */
  readonly data: string | undefined;
  /** The OTLP/HTTP backends that enriched spans go on to: `forward`, one or a list; SPANLEDGER_FORWARD_ENDPOINT and _HEADERS. */
  readonly forward: readonly ForwardTarget[];
  /** Zone in which days and months are cut where a query names none: `timezone`, SPANLEDGER_TIMEZONE. */
  readonly timezone: string;
  /** Path of budgets.yaml, absolute, if there is one: `budgets`, SPANLEDGER_BUDGETS, else beside the file or in the working directory. */
  readonly budgets: string | undefined;
  /** Path of contract.yaml, absolute, if there is one: `contract`, SPANLEDGER_CONTRACT, else found like budgets.yaml. */
  readonly contract: string | undefined;
  /** The rate cards: `prices` (`folder`, `refresh`, `list`). */
  readonly prices: PriceSettings;
  /** How long the ledger keeps hours and calls: `retention` (`hours`, `entries`): 35d, 13 months, forever. */
  readonly retention: Retention;
  /** How long what can't be charged at once is held back: `window` (`settle`, `open_calls`): 2m, 15m. */
  readonly window: WindowSettings;
  /** Conventions of one's own for spans: `dialects`. */
  readonly dialects: readonly HouseDialect[];
  /** Where metrics are sent, besides `/metrics`: `metrics.otlp` (`endpoint`, `headers`, `interval`). */
  readonly metrics: MetricsPush | undefined;
  /** `tokens` (`env` or `file`, and `scopes`), SPANLEDGER_TOKEN_INGEST, _READ, _GUARD and _ADMIN. */
  readonly tokens: readonly Token[];
}

export function defaultConfig(): Config {
  return {
    listen: {
      otlp: { host: '127.0.0.1', port: 4318 },
      grpc: { host: '127.0.0.1', port: 4317 },
      tls: undefined,
      api: { host: '127.0.0.1', port: 9464 },
      insecure: false,
    },
    ledger: './spanledger.db',
    replica: undefined,
    data: undefined,
    forward: [],
    timezone: 'UTC',
    budgets: undefined,
    contract: undefined,
    prices: packagedPrices,
    retention: defaultRetention(),
    window: defaultWindow,
    dialects: [],
    metrics: undefined,
    tokens: [],
  };
}

export interface ConfigSources {
  /** From `--config`; without it SPANLEDGER_CONFIG, else spanledger.yaml in `cwd` if there is one. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

const FILE = 'spanledger.yaml';
const BUDGETS = 'budgets.yaml';
const CONTRACT = 'contract.yaml';

/**
 * Reads the configuration. Throws `invalid_config` with every mistake, one a line, those of the file with line and column;
 * `insecure_address` for an address that strangers reach and no token protects.
 *
 * @example loadConfig({ env: process.env, cwd: process.cwd() }).listen.otlp.port // 4318
 */
export function loadConfig({ file, env, cwd }: ConfigSources): Config {
  const named = file ?? set(env['SPANLEDGER_CONFIG']);
  const path = resolve(cwd, named ?? FILE);
  const mistakes: string[] = [];
  const written = named === undefined && !existsSync(path) ? {} : readFile(path, cwd, env, mistakes);
  const given = readEnvironment(env, cwd, mistakes);
  const plain = defaultConfig();
  const budgets = given.budgets ?? written.budgets;
  const contract = given.contract ?? written.contract;
  const otlp = given.otlp ?? written.otlp;
  const grpc = given.grpc ?? written.grpc;
  const find = (name: string): string | undefined =>
    [join(dirname(path), name), join(cwd, name)].find((candidate) => existsSync(candidate));
  const config: Config = {
    listen: {
      otlp: otlp ?? plain.listen.otlp,
      grpc: grpc === 'off' || (grpc === undefined && otlp !== undefined) ? undefined : (grpc ?? plain.listen.grpc),
      tls: written.tls ?? plain.listen.tls,
      api: given.api ?? written.api ?? plain.listen.api,
      insecure: given.insecure ?? written.insecure ?? plain.listen.insecure,
    },
    ...ledgerAt(given, written, plain, cwd),
    forward: forwardTo(given, written.forward ?? plain.forward),
    timezone: given.timezone ?? written.timezone ?? plain.timezone,
    budgets: budgets ?? find(BUDGETS) ?? plain.budgets,
    contract: contract ?? find(CONTRACT) ?? plain.contract,
    prices: written.prices ?? plain.prices,
    retention: { ...plain.retention, ...written.retention },
    window: written.window ?? plain.window,
    dialects: written.dialects ?? plain.dialects,
    metrics: written.metrics ?? plain.metrics,
    tokens: [...(written.tokens ?? plain.tokens), ...(given.tokens ?? [])],
  };
  mistakes.push(...sameAddress(config.listen));
  if (mistakes.length > 0)
    throw new SpanledgerError('invalid_config', [...mistakes, ...mistakesBeside(config)].join('\n'));
  requireProtected(config);
  return config;
}

/** A ledger of the environment stands in place of that of the file, with all that belongs to it. */
function ledgerAt(
  given: Given,
  written: Given,
  plain: Config,
  cwd: string,
): Pick<Config, 'ledger' | 'replica' | 'data'> {
  const { location, ...own } = given.ledger ?? written.ledger ?? { location: plain.ledger };
  const password = given.password ?? own.password;
  const replica = given.replica ?? own.replica;
  const isDatabase = isPostgres(location);
  const ledger = isDatabase ? withPassword(location, password) : resolve(cwd, location);
  return {
    ledger,
    replica: replica && withPassword(replica, password),
    data: given.data ?? written.data ?? (isDatabase ? cwd : plain.data),
  };
}

/** An endpoint of the environment stands in place of those of the file; its headers are added to those of the first. */
function forwardTo({ endpoint, headers }: Given, written: readonly ForwardTarget[]): readonly ForwardTarget[] {
  const [first] = written;
  if (endpoint === undefined && (headers === undefined || first === undefined)) return written;
  const changed = { ...(first ?? { name: ONLY, endpoint: '' }), headers: { ...first?.headers, ...headers } };
  return endpoint === undefined ? [changed, ...written.slice(1)] : [{ ...changed, endpoint }];
}

/** Settings as one source gives them; what it does not give is not there. */
interface Given {
  otlp?: Address | undefined;
  grpc?: Address | 'off' | undefined;
  tls?: ServerTls | undefined;
  api?: Address | undefined;
  insecure?: boolean | undefined;
  ledger?: LedgerSettings | undefined;
  replica?: string | undefined;
  password?: string | undefined;
  data?: string | undefined;
  forward?: readonly ForwardTarget[] | undefined;
  endpoint?: string | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  timezone?: string | undefined;
  budgets?: string | undefined;
  contract?: string | undefined;
  prices?: PriceSettings | undefined;
  retention?: Partial<Retention> | undefined;
  window?: WindowSettings | undefined;
  dialects?: readonly HouseDialect[] | undefined;
  metrics?: MetricsPush | undefined;
  tokens?: readonly Token[] | undefined;
}

const shapes = {
  file: {
    keys: [
      'listen',
      'ledger',
      'data',
      'forward',
      'timezone',
      'budgets',
      'contract',
      'prices',
      'tokens',
      'metrics',
      'retention',
      'window',
      'dialects',
    ],
  },
  retention: { keys: ['hours', 'entries'] },
  listen: { keys: ['otlp', 'grpc', 'tls', 'api', 'insecure'] },
  token: { keys: ['env', 'file', 'scopes'], required: ['scopes'] },
} as const;

function readFile(path: string, cwd: string, env: ConfigSources['env'], mistakes: string[]): Given {
  const name = shown(path, cwd);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    mistakes.push(
      `${name}: can't be read (${error instanceof Error && 'code' in error ? String(error.code) : String(error)})`,
    );
    return {};
  }
  const yaml = new YamlReader(text);
  const given = yaml.root.node === null ? {} : readFields(yaml, dirname(path), env);
  for (const { line, column, message } of yaml.mistakes) mistakes.push(`${name}:${line}:${column}: ${message}`);
  return given;
}

function readFields(yaml: YamlReader, folder: string, env: ConfigSources['env']): Given {
  const root = yaml.fields(yaml.root, shapes.file);
  const listen = at(root, 'listen', (place) => yaml.fields(place, shapes.listen));
  const value = <T>(fields: Fields | undefined, key: string, read: (text: string) => T): T | undefined =>
    at(fields, key, (place) => yaml.value(place, read));
  const inFolder = (text: string): string => resolve(folder, text);
  return {
    otlp: value(listen, 'otlp', readAddress),
    grpc: value(listen, 'grpc', readAddressOrOff),
    tls: at(listen, 'tls', (place) => readServerTls(yaml, place, inFolder)),
    api: value(listen, 'api', readAddress),
    insecure: value(listen, 'insecure', readFlag),
    ledger: at(root, 'ledger', (place) => readLedgerPlace(yaml, place, inFolder, env)),
    data: value(root, 'data', inFolder),
    forward: at(root, 'forward', (place) => readForward(yaml, place, inFolder)),
    timezone: value(root, 'timezone', readTimezone),
    budgets: value(root, 'budgets', (text) => readExisting(inFolder(text))),
    contract: value(root, 'contract', (text) => readExisting(inFolder(text))),
    prices: at(root, 'prices', (place) => readPrices(yaml, place, inFolder)),
    retention: at(root, 'retention', (place) => readRetention(yaml, place)),
    dialects: at(root, 'dialects', (place) => readHouseDialects(yaml, place)),
    window: at(root, 'window', (place) => readWindow(yaml, place)),
    metrics: at(root, 'metrics', (place) => readMetrics(yaml, place)),
    tokens: at(root, 'tokens', (place) =>
      (yaml.items(place) ?? []).flatMap((item) => readToken(yaml, item, inFolder, env)),
    ),
  };
}

function readRetention(yaml: YamlReader, place: Place): Partial<Retention> {
  const fields = yaml.fields(place, shapes.retention);
  // "forever" is read as undefined, which is not the same as no setting.
  const read = (key: 'hours' | 'entries'): Partial<Retention> => {
    const found = at(fields, key, (where) => yaml.value(where, (text) => ({ age: readAge(text) })));
    return found === undefined ? {} : { [key]: found.age };
  };
  return { ...read('hours'), ...read('entries') };
}

function readToken(
  yaml: YamlReader,
  place: Place,
  inFolder: (path: string) => string,
  env: ConfigSources['env'],
): readonly Token[] {
  const fields = yaml.fields(place, shapes.token);
  if (fields === undefined) return [];
  const granted = at(fields, 'scopes', (list) =>
    (yaml.items(list) ?? []).flatMap((item) => yaml.value(item, readScope) ?? []),
  );
  const fromEnv = at(fields, 'env', (where) =>
    yaml.value(where, (name) => readSecret(env[name], `the variable ${name}`)),
  );
  const fromFile = at(fields, 'file', (where) =>
    yaml.value(where, (path) => readSecret(readFileSync(readExisting(inFolder(path)), 'utf8'), path)),
  );
  if (fields.has('env') === fields.has('file'))
    yaml.wrong(place, 'give either "env" or "file": a secret does not stand here');
  const secret = fromEnv ?? fromFile;
  return secret === undefined || granted === undefined ? [] : [{ secret, scopes: granted }];
}

function readEnvironment(env: ConfigSources['env'], cwd: string, mistakes: string[]): Given {
  const value = <T>(name: string, read: (text: string) => T): T | undefined => {
    const text = set(env[name]);
    if (text === undefined) return undefined;
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      mistakes.push(`${name}: ${error.message}`);
      return undefined;
    }
  };
  return {
    otlp: value('SPANLEDGER_LISTEN_OTLP', readAddress),
    grpc: value('SPANLEDGER_LISTEN_GRPC', readAddressOrOff),
    api: value('SPANLEDGER_LISTEN_API', readAddress),
    insecure: value('SPANLEDGER_INSECURE', readFlag),
    ledger: value('SPANLEDGER_LEDGER', (text) => ({ location: readPlace(text) })),
    replica: value('SPANLEDGER_LEDGER_REPLICA', readPlace),
    password: value('SPANLEDGER_LEDGER_PASSWORD', (text) => text),
    data: value('SPANLEDGER_DATA', (text) => resolve(cwd, text)),
    endpoint: value('SPANLEDGER_FORWARD_ENDPOINT', readEndpoint),
    headers: value('SPANLEDGER_FORWARD_HEADERS', readHeaderList),
    timezone: value('SPANLEDGER_TIMEZONE', readTimezone),
    budgets: value('SPANLEDGER_BUDGETS', (text) => readExisting(resolve(cwd, text))),
    contract: value('SPANLEDGER_CONTRACT', (text) => readExisting(resolve(cwd, text))),
    tokens: scopes.flatMap((scope) => {
      const secret = value(`SPANLEDGER_TOKEN_${scope.toUpperCase()}`, (text) => readSecret(text, 'it'));
      return secret === undefined ? [] : [{ secret, scopes: [scope] }];
    }),
  };
}

function at<T>(fields: Fields | undefined, key: string, read: (place: Place) => T): T | undefined {
  const place = fields?.get(key);
  return place === undefined ? undefined : read(place);
}

/** As people would write it from where they are. */
function shown(path: string, cwd: string): string {
  const near = relative(cwd, path);
  return near.startsWith('..') ? path : near;
}
