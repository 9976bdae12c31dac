import type { Micros } from '../../../pricing/charge.ts';
import type { Alert } from '../alert.ts';
import { alertmanagerTarget } from './alertmanager.ts';
import { emailTarget } from './email.ts';
import type { Delivery } from './post.ts';
import type { Channel } from './settings.ts';
import { slackTarget } from './slack.ts';
import { webhookTarget } from './webhook.ts';

/** Where alerts go. */
export interface Target {
  /** As the file names it, to be logged and counted: `ops.slack_configs[0]`. */
  readonly place: string;
  /** Where that is, if it can be told: no credentials, no path (chat services keep their secret there). */
  readonly address: string;
  /** Whether an alert that holds must be posted again and again, because the receiver forgets it otherwise. */
  readonly forgets: boolean;
  /** Whether it is told that an alert is over. */
  readonly sendResolved: boolean;
  /** Once; never rejects. */
  post(alerts: readonly Alert[], now: Micros, signal?: AbortSignal): Promise<Delivery>;
}

/**
 * @param externalUrl the address of the page, '' if it is not known
 * @example targetOf({ kind: 'alertmanager', place: 'alertmanager', url: new URL('http://localhost:9093') }, '')
 */
export function targetOf(channel: Channel, externalUrl: string): Target {
  if (channel.kind === 'alertmanager') return alertmanagerTarget(channel, externalUrl);
  if (channel.kind === 'webhook') return webhookTarget(channel, externalUrl);
  return channel.kind === 'slack' ? slackTarget(channel) : emailTarget(channel);
}
