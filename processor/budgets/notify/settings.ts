import type { Micros } from '../../../pricing/charge.ts';
import type { LabelMatcher } from '../../matcher.ts';
import type { TimeInterval } from '../time-interval.ts';

/** A value that may be secret: as written, or where it is to be read each time it is used, so that it may change. */
export type Secret =
  | { readonly kind: 'given'; readonly value: string }
  | { readonly kind: 'env'; readonly name: string }
  /** Absolute where the folder of the file is known. */
  | { readonly kind: 'file'; readonly path: string };

/** One place where alerts go. `place` is how the file names it: `ops.slack_configs[0]`. */
export type Channel =
  | { readonly kind: 'alertmanager'; readonly place: string; readonly url: URL }
  | {
      readonly kind: 'webhook';
      readonly place: string;
      readonly url: Secret;
      /** The header `authorization`: its scheme, and what follows. */
      readonly authorization: { readonly type: string; readonly credentials: Secret } | undefined;
      readonly sendResolved: boolean;
    }
  | {
      readonly kind: 'slack';
      readonly place: string;
      readonly url: Secret;
      /** Undefined: that of the webhook. */
      readonly channel: string | undefined;
      readonly sendResolved: boolean;
    }
  | {
      readonly kind: 'email';
      readonly place: string;
      readonly to: readonly string[];
      readonly from: string;
      readonly host: string;
      readonly port: number;
      readonly login: { readonly username: string; readonly password: Secret } | undefined;
      /** Nothing is sent in the clear. */
      readonly requireTls: boolean;
      /** PEM of the authorities to trust in place of the usual ones. */
      readonly caFile: string | undefined;
      readonly sendResolved: boolean;
    };

export interface Receiver {
  readonly name: string;
  readonly channels: readonly Channel[];
}

/** A node of the routing tree. An alert goes to the first route below that matches, else to this one's receiver. */
export interface Route {
  readonly receiver: string;
  readonly matchers: readonly LabelMatcher[];
  /** Whether the routes after it are asked, too. */
  readonly goOn: boolean;
  /** Alerts that agree in these labels are told together; undefined: in all labels. */
  readonly groupBy: readonly string[] | undefined;
  /** How long an alert waits for others to be told with it. */
  readonly groupWaitUs: Micros;
  /** After how long an alert that still holds is told again; undefined: never. */
  readonly repeatUs: Micros | undefined;
  /** While one of these holds nothing is told; what still holds after it is told then. */
  readonly mute: readonly TimeInterval[];
  /** If there are any, alerts are told only while one of them holds. */
  readonly active: readonly TimeInterval[];
  readonly routes: readonly Route[];
}

/** An alert is not told while another one holds that matches `source` and agrees with it in the labels `equal`. */
export interface InhibitRule {
  readonly source: readonly LabelMatcher[];
  readonly target: readonly LabelMatcher[];
  readonly equal: readonly string[];
}

/** The section `notify`. */
export interface Notify {
  /** Told of everything: Alertmanager routes itself. */
  readonly always: readonly Channel[];
  readonly receivers: readonly Receiver[];
  /** Undefined where there are no receivers. */
  readonly route: Route | undefined;
  readonly inhibit: readonly InhibitRule[];
  /** Path of the file of silences. */
  readonly silences: string | undefined;
}
