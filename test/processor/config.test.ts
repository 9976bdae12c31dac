import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultConfig, loadConfig, type Config } from '../../processor/config.ts';
import { temporaryFolder } from '../support/ledger.ts';

const folder = join(import.meta.dirname, '../fixtures/config');
const env = { COLLECTOR_TOKEN: 'a-token-for-the-collector', SHORT: 'short' };

function load(name: string, more: Record<string, string> = {}): Config {
  return loadConfig({ file: `${name}.yaml`, env: { ...env, ...more }, cwd: folder });
}

describe('good files', () => {
  it('an empty one is the defaults, and so is none', () => {
    const cwd = temporaryFolder();
    const none = loadConfig({ env: {}, cwd });
    const at = (place: string) => ({ ledger: join(place, 'spanledger.db') });
    expect(none).toEqual({ ...defaultConfig(), ...at(cwd) });
    expect(load('empty.good')).toEqual({ ...none, ...at(folder) });
  });

  it('H1: port 4318 unless set otherwise, on loopback alone', () => {
    const { listen } = defaultConfig();
    expect([listen.otlp, listen.api, listen.insecure]).toEqual([
      { host: '127.0.0.1', port: 4318 },
      { host: '127.0.0.1', port: 9464 },
      false,
    ]);
  });

  it('everything that can be set', () => {
    expect(load('everything.good')).toEqual({
      listen: {
        otlp: { host: '127.0.0.1', port: 14318 },
        grpc: undefined,
        tls: undefined,
        api: { host: '::1', port: 9465 },
        insecure: false,
      },
      ledger: join(folder, 'data/ledger.db'),
      replica: undefined,
      data: undefined,
      forward: [{ name: 'backend', endpoint: 'http://localhost:4328', headers: { 'x-tenant': 'acme' } }],
      timezone: 'Europe/Berlin',
      budgets: join(folder, 'beside.budgets.yaml'),
      contract: join(folder, 'beside.contract.yaml'),
      prices: { folder: join(folder, 'prices'), refresh: 'daily', list: 'http://localhost:8000/list.json' },
      retention: { hours: { us: 40 * 86_400_000_000 }, entries: undefined },
      window: { settleUs: 30_000_000, openUs: 1_200_000_000 },
      dialects: [],
      metrics: undefined,
      tokens: [
        { secret: 'a-token-for-the-collector', scopes: ['ingest'] },
        { secret: 'a-token-for-the-page', scopes: ['read', 'guard'] },
      ],
    });
  });

  it('OTLP/gRPC, TLS with certificates of clients, and the signals that a backend gets', () => {
    const { listen, forward } = load('grpc-tls.good');
    const pem = (name: string): string => readFileSync(join(folder, '../tls', name), 'utf8');
    expect(listen.grpc).toEqual({ host: '127.0.0.1', port: 14317 });
    expect(listen.tls).toEqual({ cert: pem('server.pem'), key: pem('server.key'), clientCa: pem('ca.pem') });
    expect(forward[0]?.signals).toEqual(['traces', 'logs']);
  });

  it('OTLP/gRPC is on 4317, and off where only the other address is set, or where it is switched off', () => {
    const grpc = (env: Record<string, string>): unknown => loadConfig({ env, cwd: folder }).listen.grpc;
    expect(grpc({})).toEqual({ host: '127.0.0.1', port: 4317 });
    expect(grpc({ SPANLEDGER_LISTEN_OTLP: '127.0.0.1:0' })).toBeUndefined();
    expect(grpc({ SPANLEDGER_LISTEN_GRPC: 'off' })).toBeUndefined();
    expect(grpc({ SPANLEDGER_LISTEN_OTLP: '127.0.0.1:0', SPANLEDGER_LISTEN_GRPC: '4317' })).toEqual({
      host: '127.0.0.1',
      port: 4317,
    });
  });

  it('no two listeners have one address', () => {
    const same = { SPANLEDGER_LISTEN_OTLP: '127.0.0.1:4400', SPANLEDGER_LISTEN_API: '127.0.0.1:4400' };
    expect(() => loadConfig({ env: same, cwd: folder })).toThrow('listen.api: 127.0.0.1:4400 is listen.otlp already');
  });

  it('several backends, each with its own way', () => {
    expect(load('backends.good').forward).toEqual([
      {
        name: 'tempo',
        endpoint: 'https://tempo.example',
        headers: { authorization: 'Bearer x' },
        compression: 'zstd',
        tls: { ca: readFileSync(join(folder, 'ca.pem'), 'utf8'), cert: undefined, key: undefined },
        spool: { directory: join(folder, 'spool/tempo'), maxBytes: 512 << 20, onFull: 'refuse' },
      },
      { name: 'jaeger', endpoint: 'http://localhost:5318', headers: {} },
    ]);
  });

  it.each(['behind-a-token.good', 'insecure.good'])('%s', (name) => {
    expect(load(name).listen.otlp.host).toBe('0.0.0.0');
  });
});

describe('bad files: every mistake at once, with line and column', () => {
  it.each([
    [
      'prices.bad',
      [
        '2:12: refresh: "hourly" is not one of off, daily',
        `3:11: folder: there is no file ${join(folder, 'no-such-folder')}`,
        '4:9: list: a URL such as http://localhost:4319 is needed',
      ],
    ],
    [
      'backends.bad',
      [
        '2:11: name: a name has lower-case letters, digits, "-" and "_" only',
        '4:18: compression: "brotli" is not one of none, gzip, zstd',
        '5:24: max_size: "lots" is not a size such as 512MiB or 1GiB',
        '5:39: on_full: "wait" is not one of drop_oldest, refuse',
        '6:5: forward[1]: "name" is missing',
        '6:5: forward[1]: the name "backend" is taken',
        '7:5: forward[2]: "cert" and "key" go together',
        '7:5: forward[2]: the name "backend" is taken',
      ],
    ],
    [
      'grpc-tls.bad',
      [
        '2:9: grpc: "everywhere" is not an address such as 127.0.0.1:4318',
        `3:16: cert: ${join(folder, 'page.token')} is no PEM file`,
        '3:8: tls: "key" is missing',
        '4:55: signals[0]: "spans" is not one of traces, logs, metrics',
      ],
    ],
    ['unknown-key.bad', ['4:3: listen: "otpl" is unknown; did you mean "otlp"?']],
    [
      'several.bad',
      [
        '2:9: otlp: "127.0.0.1:99999" is not an address such as 127.0.0.1:4318',
        '3:13: insecure: "yes" is neither true nor false',
        '4:9: ledger: the ledger is the path of a file, or postgres://user@host:5432/database',
        '6:3: forward: "endpoint" is missing',
        '6:3: forward: "endpont" is unknown; did you mean "endpoint"?',
        '7:11: timezone: "Europe/Berln" is not a time zone such as Europe/Berlin or UTC',
        '8:1: the file: "colour" is unknown here; there are listen, ledger, data, forward, timezone, budgets, contract, prices, tokens, metrics, retention, window, dialects',
      ],
    ],
    ['not-a-map.bad', ['1:1: the file: a map of keys and values is needed here, not a list']],
    [
      'secrets.bad',
      [
        '2:13: endpoint: put credentials into "headers", not into the URL',
        '4:5: tokens[0]: give either "env" or "file": a secret does not stand here',
        '5:5: tokens[1]: give either "env" or "file": a secret does not stand here',
        '7:14: scopes[0]: "reed" is not a scope; did you mean "read"?',
        '8:10: env: the variable NOT_SET is empty or not set',
        `10:11: file: there is no file ${join(folder, 'nowhere.token')}`,
        '12:10: env: the variable SHORT must hold a secret of at least 16 characters without spaces',
      ],
    ],
    [
      'window.bad',
      [
        '2:11: settle: "0s" is not between 1s and 1d',
        '3:15: open_calls: "soon" is not a duration such as 30s, 10m or 1h30m (a year at most)',
        '4:3: window: "wait" is unknown here; there are settle, open_calls',
      ],
    ],
    [
      'dialects.bad',
      [
        '2:11: name: there is a dialect "openlit" already',
        '4:7: usage: "inputs" is unknown; did you mean "input"?',
        '4:7: usage: an attribute for "input" or "output" is needed, else there is nothing to charge',
        '5:12: input: "both" is not one of inclusive, exclusive',
        '6:5: dialects[1]: "usage" is missing',
        '6:11: name: "Acme!" is not a name such as acme-llm',
        '8:5: dialects[2]: "input" is missing: does the input include what came from the cache (inclusive) or not (exclusive)?',
        '11:9: tags: "customer" is unknown here; there are customer_id, feature, route, task_type, task_id, team, plan, workspace_id, user_id, session_id, environment, service',
        '12:22: model: a value is needed here, not a list',
      ],
    ],
    [
      'twice.bad',
      [
        '2:1: the file: "ledger" is there twice',
        `3:10: budgets: there is no file ${join(folder, 'nowhere.yaml')}`,
        '4:10: forward: a map of keys and values is needed here, not a single value',
      ],
    ],
  ])('%s', (name, mistakes) => {
    const said = mistakes.map((mistake) => `${name}.yaml:${mistake}`).toSorted();
    expect(
      messageOf(() => load(name))
        .split('\n')
        .toSorted(),
    ).toEqual(said);
  });

  it('no YAML at all', () => {
    expect(messageOf(() => load('no-yaml.bad'))).toMatch(/^no-yaml\.bad\.yaml:\d:\d+: /);
  });

  it('no such file', () => {
    expect(messageOf(() => load('nowhere'))).toBe("nowhere.yaml: can't be read (ENOENT)");
  });

  it('never says what may be a secret', () => {
    expect(messageOf(() => load('secrets.bad'))).not.toContain('hunter2');
  });
});

describe('the environment', () => {
  it('wins over the file', () => {
    const more = {
      SPANLEDGER_LISTEN_OTLP: ':0',
      SPANLEDGER_LISTEN_API: '9000',
      SPANLEDGER_LEDGER: '/var/lib/ledger.db',
      SPANLEDGER_FORWARD_ENDPOINT: 'https://backend.example/v1/traces',
      SPANLEDGER_FORWARD_HEADERS: 'authorization=Bearer%20abc,x-tenant=other',
      SPANLEDGER_TIMEZONE: 'UTC',
      SPANLEDGER_TOKEN_ADMIN: 'a-token-of-the-admin',
    };
    expect(load('everything.good', more)).toMatchObject({
      listen: { otlp: { host: '127.0.0.1', port: 0 }, api: { host: '127.0.0.1', port: 9000 } },
      ledger: '/var/lib/ledger.db',
      forward: [
        {
          name: 'backend',
          endpoint: 'https://backend.example',
          headers: { authorization: 'Bearer abc', 'x-tenant': 'other' },
        },
      ],
      timezone: 'UTC',
      tokens: [{}, {}, { secret: 'a-token-of-the-admin', scopes: ['admin'] }],
    });
  });

  it('tells all its mistakes beside those of the file', () => {
    const more = { SPANLEDGER_LISTEN_API: 'here', SPANLEDGER_TOKEN_READ: 'x', SPANLEDGER_FORWARD_HEADERS: 'none' };
    expect(messageOf(() => load('unknown-key.bad', more)).split('\n')).toEqual([
      'unknown-key.bad.yaml:4:3: listen: "otpl" is unknown; did you mean "otlp"?',
      'SPANLEDGER_LISTEN_API: "here" is not an address such as 127.0.0.1:4318',
      'SPANLEDGER_FORWARD_HEADERS: headers are written as key=value,key=value',
      'SPANLEDGER_TOKEN_READ: it must hold a secret of at least 16 characters without spaces',
    ]);
  });

  it('and beside those of the files that it names', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'budgets.yaml'), 'groups: []\ncolour: red\n');
    writeFileSync(join(folder, 'contract.yaml'), 'currencies: 3\n');
    const load = (): unknown => loadConfig({ env: { SPANLEDGER_TIMEZONE: 'Mars' }, cwd: folder });
    for (const named of [/^SPANLEDGER_TIMEZONE: "Mars"/m, /budgets\.yaml:2:1: .*"colour"/, /contract\.yaml:1:/])
      expect(load).toThrow(named);
  });

  it('set to nothing is as not set', () => {
    expect(load('empty.good', { SPANLEDGER_LEDGER: '', SPANLEDGER_LISTEN_OTLP: ' ' }).listen.otlp.port).toBe(4318);
  });
});

describe('files beside', () => {
  it('spanledger.yaml and budgets.yaml of the working directory are found', () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'spanledger.yaml'), 'ledger: other.db');
    writeFileSync(join(cwd, 'budgets.yaml'), '');
    expect(loadConfig({ env: {}, cwd })).toMatchObject({
      ledger: join(cwd, 'other.db'),
      budgets: join(cwd, 'budgets.yaml'),
    });
  });

  it('budgets.yaml beside the file comes before that of the working directory', () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'etc'));
    for (const path of ['budgets.yaml', 'etc/budgets.yaml', 'etc/spanledger.yaml']) writeFileSync(join(cwd, path), '');
    const config = loadConfig({ env: { SPANLEDGER_CONFIG: 'etc/spanledger.yaml' }, cwd });
    expect(config.budgets).toBe(join(cwd, 'etc/budgets.yaml'));
  });
});

describe('an address that strangers reach needs a token or the word "insecure"', () => {
  const reach = (more: Record<string, string>): Config => loadConfig({ env: more, cwd: temporaryFolder() });
  const secret = 'a-secret-of-16-letters';

  it.each([
    ['otlp', 'ingest', { SPANLEDGER_LISTEN_OTLP: '0.0.0.0:4318' }],
    ['otlp', 'ingest', { SPANLEDGER_LISTEN_OTLP: '10.0.0.5:4318', SPANLEDGER_TOKEN_READ: secret }],
    ['api', 'read', { SPANLEDGER_LISTEN_API: '[::]:9464', SPANLEDGER_TOKEN_INGEST: secret }],
  ])('listen.%s without the scope %s', (name, scope, more) => {
    expect(() => reach(more)).toThrow(
      expect.objectContaining({
        code: 'insecure_address',
        message: expect.stringMatching(
          `listen.${name}: .* no token has the scope "${scope}"; set SPANLEDGER_TOKEN_`,
        ) as string,
      }),
    );
  });

  it.each([
    { SPANLEDGER_LISTEN_OTLP: '0.0.0.0:4318', SPANLEDGER_TOKEN_INGEST: secret },
    { SPANLEDGER_LISTEN_API: '0.0.0.0:9464', SPANLEDGER_TOKEN_ADMIN: secret },
    { SPANLEDGER_LISTEN_API: '0.0.0.0:9464', SPANLEDGER_INSECURE: 'true' },
    { SPANLEDGER_LISTEN_API: 'localhost:9464', SPANLEDGER_LISTEN_OTLP: '127.0.0.2:4318' },
  ])('%o is fine', (more) => {
    expect(() => reach(more)).not.toThrow();
  });
});

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toHaveProperty('code', 'invalid_config');
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}
