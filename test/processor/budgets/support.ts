import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookAlert, WebhookBody } from '../../../processor/budgets/notify/webhook-body.ts';
import { loadBudgets, mistakesText } from '../../../processor/budgets/load.ts';
import { everythingTo } from '../../../processor/budgets/notify/route.ts';
import type { Notify } from '../../../processor/budgets/notify/settings.ts';
import type { Rule } from '../../../processor/budgets/rule.ts';

export interface Receiver {
  readonly url: URL;
  readonly posts: {
    readonly headers: IncomingHttpHeaders;
    readonly method: string;
    readonly path: string;
    /** What it was answered. */
    readonly status: number | 'hang';
    readonly body: WebhookBody;
  }[];
  /** All alerts received, in order. */
  readonly alerts: readonly WebhookAlert[];
  /** What the next posts are answered; 200 for those after. `hang`: never. */
  answer(...answers: (number | 'hang')[]): void;
  /** Cuts what is open, hanging answers included. */
  cut(): void;
  stop(): Promise<void>;
}

/** An address on loopback where nobody listens. */
export async function deadAddress(): Promise<URL> {
  const receiver = await startReceiver();
  await receiver.stop();
  return receiver.url;
}

/** A real receiver of webhooks on loopback. */
export async function startReceiver(): Promise<Receiver> {
  const posts: Receiver['posts'] = [];
  const answers: (number | 'hang')[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { headers, method = '', url: path = '' } = request;
      const text = Buffer.concat(chunks).toString();
      const status = answers.shift() ?? 200;
      const body = JSON.parse(text === '' ? '{"alerts":[]}' : text) as WebhookBody;
      posts.push({ headers, method, path, status, body });
      if (status !== 'hang') response.writeHead(status, { location: '/elsewhere' }).end('thanks');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`),
    posts,
    get alerts() {
      return posts.flatMap(({ body }) => body.alerts);
    },
    answer: (...next) => answers.push(...next),
    cut: () => server.closeAllConnections(),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A webhook that is told of everything. */
export function webhookTo(url: URL): Notify {
  const secret = { kind: 'given', value: url.href } as const;
  return everythingTo({ kind: 'webhook', place: 'ops', url: secret, authorization: undefined, sendResolved: true });
}

/** Rules of one group, written as in the file. */
export function rulesOf(...rules: readonly string[]): readonly Rule[] {
  const loaded = loadBudgets(
    'test.yaml',
    `groups: [{ name: test, rules: [${rules.map((rule) => `{ ${rule} }`).join(', ')}] }]`,
  );
  if (loaded.status === 'invalid') throw new Error(mistakesText(loaded));
  return loaded.rules;
}

export interface LogLine {
  readonly level: string;
  readonly fields: unknown;
  readonly message: string;
}

export function memoryLog(): { readonly lines: LogLine[] } & Record<
  'info' | 'warn' | 'error',
  (fields: unknown, message?: string) => void
> {
  const lines: LogLine[] = [];
  const at = (level: string) => (fields: unknown, message?: string) => {
    lines.push({ level, fields, message: message ?? '' });
  };
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
}
