import type { Alert } from '../alert.ts';
import { postJson, unreadable } from './post.ts';
import { readSecret, readUrl } from './secret.ts';
import type { Channel } from './settings.ts';
import type { Target } from './target.ts';
import { factsOf, headline } from './text.ts';
import { addressOf } from './webhook.ts';

/** The message that incoming webhooks of Slack take, and those of Mattermost, Rocket.Chat and others that imitate them. */
export interface SlackMessage {
  readonly channel?: string;
  /** What shows in a notification, and where attachments don't. */
  readonly text: string;
  readonly attachments: readonly {
    readonly color: string;
    readonly fallback: string;
    readonly title: string;
    readonly title_link?: string | undefined;
    readonly text: string;
    readonly fields: readonly { readonly title: string; readonly value: string; readonly short: boolean }[];
  }[];
}

/** More than these in one message nobody reads. */
const MOST = 20;
const colors: Readonly<Record<string, string>> = { critical: 'danger', page: 'danger', warning: 'warning' };

export function slackTarget({ place, url, channel, sendResolved }: Extract<Channel, { kind: 'slack' }>): Target {
  return {
    place,
    address: addressOf(url),
    forgets: false,
    sendResolved,
    post: async (alerts, _now, signal) => {
      try {
        return await postJson(readUrl(readSecret(url)), slackMessage(alerts, channel), { signal });
      } catch (error) {
        return unreadable(error);
      }
    },
  };
}

/** @example slackMessage(alerts, '#ops').text // '[firing] customer-monthly 70% acme: …' */
export function slackMessage(alerts: readonly Alert[], channel: string | undefined): SlackMessage {
  const [first] = alerts;
  const title = first === undefined ? '' : escape(headline(first));
  const left = alerts.length - MOST;
  const more = left > 0 ? ` (and ${left} that are not shown)` : '';
  return {
    ...(channel === undefined ? {} : { channel }),
    text: alerts.length > 1 ? `${title}, and ${alerts.length - 1} more${more}` : title,
    attachments: alerts.slice(0, MOST).map((alert) => {
      const link = alert.annotations['dashboard_url'];
      return {
        color: alert.endsAt === undefined ? (colors[alert.labels['severity'] ?? ''] ?? '#439fe0') : 'good',
        fallback: escape(headline(alert)),
        title: escape(headline(alert)),
        title_link: link,
        text: escape(alert.annotations['summary'] ?? ''),
        fields: factsOf(alert).map(([name, value]) => ({
          title: name,
          value: escape(value),
          short: value.length < 40,
        })),
      };
    }),
  };
}

/** Slack's own three; without it a tag could write links or call everybody. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
