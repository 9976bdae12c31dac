import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { expect, it, onTestFinished } from 'vitest';
import type { Alert } from '../../../../processor/budgets/alert.ts';
import type { Channel } from '../../../../processor/budgets/notify/settings.ts';
import { slackMessage } from '../../../../processor/budgets/notify/slack.ts';
import { targetOf } from '../../../../processor/budgets/notify/target.ts';
import { deadAddress, startReceiver } from '../support.ts';

const alert: Alert = {
  labels: {
    alertname: 'BudgetThreshold',
    budget: 'per-customer',
    customer_id: '<!channel>',
    threshold: '70%',
    basis: 'actual',
    severity: 'warning',
    period: 'month',
  },
  annotations: {
    summary: 'per-customer: 4 USD of 5 USD spent',
    spent: '4 USD',
    amount: '5 USD',
    ratio: '0.8',
    top_features: 'chat $4',
    unpriced_calls: '0',
    dashboard_url: 'http://localhost:9464/?derive=',
  },
  startsAt: '2026-11-11T00:00:00.000Z',
};
const resolved: Alert = { ...alert, endsAt: '2026-12-01T00:00:00.000Z' };
const NOW = Date.UTC(2026, 10, 11) * 1000;

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

/** Words of a header that hold more than letters, as mail programs show them. */
function decoded(text: string): string {
  return text.replace(/=\?UTF-8\?Q\?(.*?)\?=\s*/g, (_, word: string) =>
    decodeURIComponent(word.replaceAll('_', ' ').replaceAll('=', '%')),
  );
}

/** A real SMTP server on loopback, without TLS unless asked. */
async function startSmtp({ login = false, refuse = 0, tls = false } = {}): Promise<{ port: number; mails: Mail[] }> {
  const mails: Mail[] = [];
  const refusal = (): Error => Object.assign(new Error('no: hush'), { responseCode: refuse });
  const server = new SMTPServer({
    authOptional: !login,
    disabledCommands: [...(tls ? [] : ['STARTTLS']), ...(login ? [] : ['AUTH'])],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === 'budgets' && password === 'hush' ? done(null, { user: username }) : done(new Error('Invalid: hush')),
    onRcptTo: ({ address }, _session, done) => (refuse > 0 && address.startsWith('refused') ? done(refusal()) : done()),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const text = decoded(Buffer.concat(chunks).toString());
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text,
        });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)));
  return { port: (server.server.address() as AddressInfo).port, mails };
}

const email = (port: number, more: Partial<Extract<Channel, { kind: 'email' }>> = {}): Channel => ({
  kind: 'email',
  place: 'ops.email_configs[0]',
  to: ['ops@example.com', 'Ann <ann@example.com>'],
  from: 'Budgets <budgets@example.com>',
  host: '127.0.0.1',
  port,
  login: undefined,
  requireTls: false,
  caFile: undefined,
  sendResolved: true,
  ...more,
});

const post = (channel: Channel, ...alerts: readonly Alert[]): ReturnType<ReturnType<typeof targetOf>['post']> =>
  targetOf(channel, 'http://localhost:9464').post(alerts, NOW);

it('mail goes to all recipients, as text, with what to look at', async () => {
  const { port, mails } = await startSmtp();
  expect(await post(email(port), alert, resolved)).toEqual({ result: 'taken' });
  const [mail] = mails;
  expect(mail?.from).toBe('budgets@example.com');
  expect(mail?.to).toEqual(['ops@example.com', 'ann@example.com']);
  expect(mail?.text).toMatch(/Subject: \[firing\] per-customer 70% \(customer_id="<!channel>"\), and 1\s+more/);
  expect(mail?.text).toMatch(/auto-submitted: auto-generated/i);
  for (const text of ['spent: 4 USD', 'top features: chat $4', 'http://localhost:9464/?derive=', 'until 2026-12-01'])
    expect(mail?.text).toContain(text);
});

it('mail with a login is sent; with a wrong one it is tried again, and nobody learns the password', async () => {
  const { port, mails } = await startSmtp({ login: true });
  const password = (value: string): Channel =>
    email(port, { login: { username: 'budgets', password: { kind: 'given', value } } });
  expect(await post(password('hush'), alert)).toEqual({ result: 'taken' });
  expect(mails).toHaveLength(1);
  expect(await post(password('wrong hush'), alert)).toEqual({ result: 'unwell', why: 'SMTP status 535' });
  const missing = email(port, { login: { username: 'budgets', password: { kind: 'env', name: 'NO_SUCH_VARIABLE' } } });
  expect(await post(missing, alert)).toEqual({ result: 'unwell', why: 'the variable NO_SUCH_VARIABLE is not set' });
});

it('mail that a server refuses for good is refused; for some recipients only, it is taken with a note', async () => {
  const { port, mails } = await startSmtp({ refuse: 550 });
  expect(await post(email(port, { to: ['refused@example.com'] }), alert)).toEqual({
    result: 'refused',
    why: 'SMTP status 550',
  });
  expect(await post(email(port, { to: ['ops@example.com', 'refused@example.com'] }), alert)).toEqual({
    result: 'taken',
    note: '1 of 2 recipients were refused',
  });
  expect(mails.map(({ to }) => to)).toEqual([['ops@example.com']]);
  const busy = await startSmtp({ refuse: 451 });
  expect(await post(email(busy.port, { to: ['refused@example.com'] }), alert)).toMatchObject({ result: 'unwell' });
});

it('no mail goes in the clear unless the file says so; a server that is away is tried again', async () => {
  const { port, mails } = await startSmtp();
  expect(await post(email(port, { requireTls: true }), alert)).toMatchObject({ result: 'unwell' });
  // Of a certificate that nobody knows.
  const encrypted = await startSmtp({ tls: true });
  expect(await post(email(encrypted.port, { requireTls: true }), alert)).toMatchObject({ result: 'unwell' });
  expect([...mails, ...encrypted.mails]).toEqual([]);
  const away = await deadAddress();
  expect(await post(email(Number(away.port)), alert)).toEqual({ result: 'unwell', why: 'ESOCKET' });
});

it('a Slack message names the alert, escapes what tags hold, and links to the page', () => {
  const message = slackMessage([alert, resolved], '#ops');
  expect(message.channel).toBe('#ops');
  expect(message.text).toBe('[firing] per-customer 70% (customer_id="&lt;!channel&gt;"), and 1 more');
  expect(message.attachments.map(({ color, title_link }) => [color, title_link])).toEqual([
    ['warning', 'http://localhost:9464/?derive='],
    ['good', 'http://localhost:9464/?derive='],
  ]);
  expect(message.attachments[0]?.fields).toContainEqual({ title: 'top features', value: 'chat $4', short: true });
  expect(
    slackMessage(
      Array.from({ length: 30 }, () => alert),
      undefined,
    ).attachments,
  ).toHaveLength(20);
});

it('a Slack-compatible webhook gets it, its address read from where it stands', async () => {
  const receiver = await startReceiver();
  onTestFinished(() => receiver.stop());
  process.env['TEST_SLACK_HOOK'] = receiver.url.href;
  onTestFinished(() => void delete process.env['TEST_SLACK_HOOK']);
  const url = { kind: 'env', name: 'TEST_SLACK_HOOK' } as const;
  const channel = {
    kind: 'slack',
    place: 'ops.slack_configs[0]',
    url,
    channel: undefined,
    sendResolved: true,
  } as const;
  expect(targetOf(channel, '').address).toBe('');
  expect(await post(channel, alert)).toEqual({ result: 'taken' });
  expect(receiver.posts[0]?.body).toMatchObject({ text: expect.stringContaining('per-customer 70%') });
  process.env['TEST_SLACK_HOOK'] = 'hush';
  expect(await post(channel, alert)).toEqual({
    result: 'unwell',
    why: 'this is not a URL such as https://example.com/hook',
  });
});

it('a webhook gets the authorization that the file names', async () => {
  const receiver = await startReceiver();
  onTestFinished(() => receiver.stop());
  const channel: Channel = {
    kind: 'webhook',
    place: 'key.revoker.webhook_configs[0]',
    url: { kind: 'given', value: receiver.url.href },
    authorization: { type: 'Bearer', credentials: { kind: 'given', value: 'hush' } },
    sendResolved: false,
  };
  expect(await post(channel, alert)).toEqual({ result: 'taken' });
  expect(receiver.posts[0]?.headers.authorization).toBe('Bearer hush');
  expect(receiver.posts[0]?.body.receiver).toBe('key.revoker');
});
