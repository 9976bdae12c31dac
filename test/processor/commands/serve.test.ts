/** `spanledger serve` as a process: what it prints, and how it ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../support/ledger.ts';
import { chatSpan, encodeJson, request } from '../../support/otlp.ts';

const bin = join(import.meta.dirname, '../../../processor/bin.cjs');
const anyPort = { SPANLEDGER_LISTEN_OTLP: '127.0.0.1:0', SPANLEDGER_LISTEN_API: '127.0.0.1:0' };

interface Served {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly output: { out: string; err: string };
  /** Resolves with the match once stdout has it. */
  readonly said: (pattern: RegExp) => Promise<RegExpExecArray>;
}

function serve(cwd: string, env: Record<string, string>, ...args: readonly string[]): Served {
  const child = spawn(process.execPath, [bin, 'serve', ...args], { cwd, env: { PATH: process.env['PATH'], ...env } });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    child,
    ended,
    output,
    said: async (pattern) => {
      for (;;) {
        const match = pattern.exec(output.out);
        if (match !== null) return match;
        await Promise.race([
          once(child.stdout, 'data'),
          ended.then((code) => Promise.reject(new Error(`ended with ${code}: ${output.err}`))),
        ]);
      }
    },
  };
}

it('says where it listens, prints a call, and ends well on SIGTERM', async () => {
  const cwd = temporaryFolder();
  const { said, child, ended, output } = serve(cwd, anyPort);
  const [, otlp = ''] = await said(
    /^OTLP :(\d+) · page http:\/\/localhost:\d+ · ledger \.\/spanledger\.db · 0 calls$/m,
  );
  const response = await fetch(`http://127.0.0.1:${otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: encodeJson(request(chatSpan(1))),
  });
  expect(response.status).toBe(200);
  await said(/^gpt-4o 800\/200 \$0\.004 customer=—$/m);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(output.err).toBe('');
});

it('lets what has begun finish on the first signal, and ends at once on the second', async () => {
  const { said, child, ended } = serve(temporaryFolder(), anyPort);
  const [, otlp = ''] = await said(/^OTLP :(\d+)/m);
  // A request that never ends holds up the end; the server's "100 Continue" says that it has begun.
  const socket = connect(Number(otlp), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.write(
    'POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n',
  );
  await once(socket, 'data');
  child.kill('SIGINT');
  await untilRefused(Number(otlp));
  expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  child.kill('SIGINT');
  await ended;
  expect(child.signalCode).toBe('SIGINT');
});

/** Until new connections are turned away. */
async function untilRefused(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      socket.destroy();
    } catch {
      return;
    }
  }
}

async function refused(cwd: string, env: Record<string, string>, ...args: readonly string[]): Promise<string> {
  const { ended, output } = serve(cwd, env, ...args);
  expect(await ended).toBe(2);
  expect(output.out).toBe('');
  expect(output.err).not.toMatch(/^\s+at /m);
  return output.err;
}

it('a port that is taken: one line that names it and what to do, exit 2', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const said = await refused(temporaryFolder(), { ...anyPort, SPANLEDGER_LISTEN_OTLP: `:${port}` });
  expect(said).toMatch(
    new RegExp(`^spanledger: OTLP: can't listen on 127\\.0\\.0\\.1:${port}: .*SPANLEDGER_LISTEN_OTLP.*\\n$`),
  );
});

it('a ledger path that cannot be written: one line that names it, exit 2', async () => {
  const cwd = temporaryFolder();
  mkdirSync(join(cwd, 'closed.db'));
  chmodSync(join(cwd, 'closed.db'), 0o500);
  const said = await refused(cwd, { ...anyPort, SPANLEDGER_LEDGER: 'closed.db' });
  expect(said).toMatch(/^spanledger: .*closed\.db.*\n$/);
});

it('a configuration of mistakes: all of them, exit 2', async () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'mine.yaml'), 'listen:\n  otpl: 1\nledgr: a\n');
  expect(await refused(cwd, anyPort, '--config', 'mine.yaml')).toBe(
    'spanledger: mine.yaml:2:3: listen: "otpl" is unknown; did you mean "otlp"?\n' +
      'mine.yaml:3:1: the file: "ledgr" is unknown; did you mean "ledger"?\n',
  );
});

it('an address that strangers reach without a token: one line, exit 2', async () => {
  expect(await refused(temporaryFolder(), { SPANLEDGER_LISTEN_OTLP: '0.0.0.0:0' })).toMatch(
    /^spanledger: listen\.otlp: 0\.0\.0\.0:0 .*SPANLEDGER_TOKEN_INGEST.*\n$/,
  );
});

it('a word that it does not know: a line, exit 2', async () => {
  expect(await refused(temporaryFolder(), {}, '--prot', '1')).toContain("unknown option '--prot'");
});
