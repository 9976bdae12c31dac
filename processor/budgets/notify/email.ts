import { readFileSync } from 'node:fs';
import type { Alert } from '../alert.ts';
import { unreadable, type Delivery } from './post.ts';
import { readSecret } from './secret.ts';
import type { Channel } from './settings.ts';
import type { Target } from './target.ts';
import { headline, plainText } from './text.ts';

type Email = Extract<Channel, { kind: 'email' }>;

const TIMEOUT_MS = 10_000;
/** The server will say the same about this message again: no such mailbox, too large, not wanted. */
const REFUSALS: ReadonlySet<number> = new Set([550, 551, 552, 553, 554]);

/** Mail through an SMTP server. A message a delivery, to all its recipients. */
export function emailTarget(channel: Email): Target {
  const { place, host, port, sendResolved } = channel;
  return {
    place,
    address: `smtp://${host}:${port}`,
    forgets: false,
    sendResolved,
    post: (alerts, _now, signal) => send(channel, alerts, signal),
  };
}

async function send(channel: Email, alerts: readonly Alert[], signal: AbortSignal | undefined): Promise<Delivery> {
  const { to, from, host, port, login, requireTls, caFile } = channel;
  let transport;
  try {
    const auth = login && { user: login.username, pass: readSecret(login.password) };
    const ca = caFile === undefined ? undefined : readFileSync(caFile, 'utf8');
    // Here, because it is loaded only where mail is sent: it costs the start of everybody else.
    const { createTransport } = await import('nodemailer');
    transport = createTransport({
      host,
      port,
      // The port of SMTP over TLS; on others TLS begins with STARTTLS, which is demanded unless the file says otherwise.
      secure: port === 465,
      requireTLS: requireTls,
      ...(auth === undefined ? {} : { auth }),
      ...(ca === undefined ? {} : { tls: { ca } }),
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
    });
  } catch (error) {
    return unreadable(error);
  }
  const close = (): void => transport.close();
  signal?.addEventListener('abort', close, { once: true });
  try {
    const sent = await transport.sendMail({
      from,
      to: [...to],
      subject: subjectOf(alerts),
      text: alerts.map(plainText).join('\n\n'),
      // So that no mailbox answers that its owner is away.
      headers: { 'auto-submitted': 'auto-generated', 'x-auto-response-suppress': 'All' },
    });
    const refused = sent.rejected.length;
    return refused === 0
      ? { result: 'taken' }
      : { result: 'taken', note: `${refused} of ${to.length} recipients were refused` };
  } catch (error) {
    return failure(error);
  } finally {
    signal?.removeEventListener('abort', close);
    transport.close();
  }
}

function subjectOf(alerts: readonly Alert[]): string {
  const [first] = alerts;
  const title = first === undefined ? '' : headline(first);
  return alerts.length > 1 ? `${title}, and ${alerts.length - 1} more` : title;
}

/** Codes only: the words of a server may repeat the login. */
function failure(error: unknown): Delivery {
  const { responseCode, code } = (error instanceof Error ? error : {}) as { responseCode?: unknown; code?: unknown };
  if (typeof responseCode === 'number')
    return { result: REFUSALS.has(responseCode) ? 'refused' : 'unwell', why: `SMTP status ${responseCode}` };
  return { result: 'unwell', why: typeof code === 'string' ? code : 'unknown error' };
}
