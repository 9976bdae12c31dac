import { postJson, unreadable } from './post.ts';
import { readSecret, readUrl } from './secret.ts';
import type { Channel } from './settings.ts';
import type { Target } from './target.ts';
import { webhookBody } from './webhook-body.ts';

/** Whatever takes the webhooks of Alertmanager (version 4). */
export function webhookTarget(
  { place, url, authorization, sendResolved }: Extract<Channel, { kind: 'webhook' }>,
  externalUrl: string,
): Target {
  const receiver = place.replace(/\.\w+_configs\[\d+\]$/, '');
  return {
    place,
    address: addressOf(url),
    forgets: false,
    sendResolved,
    post: async (alerts, _now, signal) => {
      try {
        const headers =
          authorization && `${authorization.type} ${readSecret(authorization.credentials)}`.replaceAll(/[\r\n]/g, '');
        const target = readUrl(readSecret(url));
        const body = webhookBody(alerts, receiver, externalUrl);
        return await postJson(target, body, {
          signal,
          headers: headers === undefined ? {} : { authorization: headers },
        });
      } catch (error) {
        return unreadable(error);
      }
    },
  };
}

/** Of a URL that the file holds; one that is a secret altogether is not told. */
export function addressOf(url: Extract<Channel, { kind: 'webhook' }>['url']): string {
  return url.kind === 'given' ? readUrl(url.value).origin : '';
}
