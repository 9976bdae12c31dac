import type { Micros } from '../../../pricing/charge.ts';
import { isoTime } from '../account.ts';
import { postJson } from './post.ts';
import type { Channel } from './settings.ts';
import type { Target } from './target.ts';

/** How often alerts that hold are posted to a receiver that forgets. */
export const RESEND_US: Micros = 60_000_000;
/** What is not posted again within this is over: as Prometheus does, four times missed. */
const KEPT_US = 4 * RESEND_US;

/** Alertmanager's API, version 2. */
export function alertmanagerTarget(
  { place, url: base }: Extract<Channel, { kind: 'alertmanager' }>,
  externalUrl: string,
): Target {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/api/v2/alerts`;
  const generatorURL = externalUrl === '' ? {} : { generatorURL: externalUrl };
  return {
    place,
    address: base.origin,
    forgets: true,
    sendResolved: true,
    post: (alerts, now, signal) => {
      const holds = isoTime(now + KEPT_US);
      const body = alerts.map(({ endsAt = holds, ...alert }) => ({ ...alert, endsAt, ...generatorURL }));
      return postJson(url, body, { signal });
    },
  };
}
