import type { Micros } from '../../pricing/charge.ts';
import { isoTime } from './account.ts';
import type { Alert } from './alert.ts';
import { postJson, type Delivery } from './post.ts';
import type { Notify } from './rule.ts';
import { webhookBody } from './webhook-body.ts';

/** Where alerts go. */
export interface Target {
  /** May be logged: no credentials, no path (chat services keep their secret there). */
  readonly address: string;
  /** Whether an alert that holds must be posted again and again, because the receiver forgets it otherwise. */
  readonly forgets: boolean;
  /** Once; never rejects. */
  post(alerts: readonly Alert[], now: Micros, signal?: AbortSignal): Promise<Delivery>;
}

/** How often alerts that hold are posted to a receiver that forgets. */
export const RESEND_US: Micros = 60_000_000;
/** What is not posted again within this is over: as Prometheus does, four times missed. */
const KEPT_US = 4 * RESEND_US;

/**
 * @param externalUrl the address of the page, '' if it is not known
 * @example targetOf({ kind: 'alertmanager', url: new URL('http://localhost:9093') }, 'http://localhost:9464')
 */
export function targetOf(notify: Notify, externalUrl: string): Target {
  const address = notify.url.origin;
  if (notify.kind === 'webhook')
    return {
      address,
      forgets: false,
      post: (alerts, _now, signal) => postJson(notify.url, webhookBody(alerts, notify.receiver, externalUrl), signal),
    };
  const url = new URL(notify.url);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/api/v2/alerts`;
  const generatorURL = externalUrl === '' ? {} : { generatorURL: externalUrl };
  return {
    address,
    forgets: true,
    post: (alerts, now, signal) => {
      const holds = isoTime(now + KEPT_US);
      const body = alerts.map(({ endsAt = holds, ...alert }) => ({ ...alert, endsAt, ...generatorURL }));
      return postJson(url, body, signal);
    },
  };
}
