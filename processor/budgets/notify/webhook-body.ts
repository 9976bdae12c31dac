import type { Alert } from '../alert.ts';

/** The body that Alertmanager posts to a webhook, version 4: receivers made for Alertmanager take it unchanged. */
export interface WebhookBody {
  readonly version: '4';
  readonly groupKey: string;
  readonly truncatedAlerts: number;
  readonly status: 'firing' | 'resolved';
  readonly receiver: string;
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly commonLabels: Readonly<Record<string, string>>;
  readonly commonAnnotations: Readonly<Record<string, string>>;
  readonly externalURL: string;
  readonly alerts: readonly WebhookAlert[];
}

export interface WebhookAlert extends Alert {
  readonly status: 'firing' | 'resolved';
  /** The zero time while it holds. */
  readonly endsAt: string;
  readonly generatorURL: string;
  readonly fingerprint: string;
}

const NO_TIME = '0001-01-01T00:00:00Z';

/**
 * Alerts of one budget as one body, in their order.
 *
 * @param externalUrl the address of the page, '' if it is not known
 */
export function webhookBody(alerts: readonly Alert[], receiver: string, externalUrl: string): WebhookBody {
  const groupLabels = common(alerts.map(({ labels }) => pick(labels, ['alertname', 'budget'])));
  const group = Object.entries(groupLabels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return {
    version: '4',
    groupKey: `{}:{${group.join(', ')}}`,
    truncatedAlerts: 0,
    status: alerts.every(({ endsAt }) => endsAt !== undefined) ? 'resolved' : 'firing',
    receiver,
    groupLabels,
    commonLabels: common(alerts.map(({ labels }) => labels)),
    commonAnnotations: common(alerts.map(({ annotations }) => annotations)),
    externalURL: externalUrl,
    alerts: alerts.map(({ labels, annotations, startsAt, endsAt }) => ({
      status: endsAt === undefined ? 'firing' : 'resolved',
      labels,
      annotations,
      startsAt,
      endsAt: endsAt ?? NO_TIME,
      generatorURL: externalUrl,
      fingerprint: fingerprint(labels),
    })),
  };
}

/**
 * Prometheus' fingerprint of a label set (64-bit FNV-1a over sorted names and values), by which receivers tell alerts
 * apart.
 */
export function fingerprint(labels: Readonly<Record<string, string>>): string {
  let hash = 0xcbf29ce484222325n;
  const add = (byte: number): void => {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  };
  for (const [name, value] of Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    for (const text of [name, value]) {
      for (const byte of Buffer.from(text)) add(byte);
      add(0xff);
    }
  }
  return hash.toString(16).padStart(16, '0');
}

function common(sets: readonly Readonly<Record<string, string>>[]): Readonly<Record<string, string>> {
  const [first = {}, ...rest] = sets;
  return Object.fromEntries(Object.entries(first).filter(([name, value]) => rest.every((set) => set[name] === value)));
}

function pick(labels: Readonly<Record<string, string>>, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => names.includes(name)));
}
