import { nearest } from '../../nearest.ts';
import type { TimeInterval } from '../time-interval.ts';
import type { Place, YamlReader } from '../yaml.ts';
import {
  loadAlertmanager,
  loadEmail,
  loadGlobal,
  loadSlack,
  loadWebhook,
  type Context,
  type Defaults,
} from './load-channels.ts';
import { INHIBITION_WAIT_US, loadInhibitRules, loadRoute } from './load-route.ts';
import type { Channel, Notify, Receiver, Route } from './settings.ts';

const notify = {
  keys: ['alertmanager', 'webhook', 'slack', 'email', 'global', 'route', 'inhibit_rules', 'receivers', 'silences'],
  later: ['mute_time_intervals', 'templates'],
};
const receiver = {
  keys: ['name', 'webhook_configs', 'slack_configs', 'email_configs'],
  required: ['name'],
  later: [
    'pagerduty_configs',
    'opsgenie_configs',
    'sns_configs',
    'msteams_configs',
    'msteamsv2_configs',
    'telegram_configs',
    'discord_configs',
    'victorops_configs',
    'pushover_configs',
    'webex_configs',
    'jira_configs',
  ],
};
/** Each may stand alone, for those who need no more than one: the receiver is then named as its kind. */
const short = ['webhook', 'slack', 'email'] as const;

/**
 * Reads where crossings are told: `alertmanager`, `webhook`, `slack` or `email` by itself, or `receivers` and the `route` to
 * them in Alertmanager's words.
 *
 * @param intervals the file's `time_intervals`, which routes name
 */
export function loadNotify(
  yaml: YamlReader,
  place: Place,
  intervals: ReadonlyMap<string, TimeInterval>,
  context: Context,
): Notify | undefined {
  const fields = yaml.fields(place, notify);
  if (fields === undefined) return undefined;
  const globalAt = fields.get('global');
  const defaults = globalAt === undefined ? {} : loadGlobal(yaml, globalAt, context);
  const serverAt = fields.get('alertmanager');
  const alertmanagers = serverAt === undefined ? [] : loadAlertmanagers(yaml, serverAt);
  const shorts = short.flatMap((kind) => {
    const at = fields.get(kind);
    if (at === undefined) return [];
    const channel = load[kind](yaml, at, kind, { defaults, context });
    return channel === undefined ? [] : [{ name: kind, channels: [channel] }];
  });
  const [receiversAt, routeAt] = [fields.get('receivers'), fields.get('route')];
  const taken = short.find((kind) => fields.has(kind));
  if (taken !== undefined) {
    if (receiversAt) yaml.wrong(receiversAt, `there is "${taken}" already; write one or the other`);
    if (routeAt) yaml.wrong(routeAt, `it needs "receivers"; "${taken}" is always used`);
  }
  const listed = receiversAt === undefined ? [] : loadReceivers(yaml, receiversAt, { defaults, context });
  const inhibitAt = fields.get('inhibit_rules');
  const inhibit = inhibitAt === undefined ? [] : loadInhibitRules(yaml, inhibitAt);
  const seen = { intervals, inhibited: inhibit.length > 0 };
  const route = routeAt && loadRoute(yaml, routeAt, seen);
  if (route !== undefined && receiversAt !== undefined) checkNames(yaml, route.named, listed);
  if (routeAt !== undefined && receiversAt === undefined && taken === undefined)
    yaml.wrong(routeAt, 'it needs "receivers"');
  if (routeAt === undefined && listed.length > 1 && receiversAt !== undefined)
    yaml.wrong(receiversAt, 'of several receivers, "route" must name the one that is told');
  if (serverAt === undefined && taken === undefined && receiversAt === undefined)
    return yaml.wrong(place, 'says nobody; add "alertmanager", "slack", "email" or "webhook"');
  const silencesAt = fields.get('silences');
  const silences = silencesAt && yaml.value(silencesAt, (text) => context.path(text));
  const receivers = shorts.length > 0 ? shorts : listed;
  const whole = route?.route ?? plainRoute(receivers, inhibit.length > 0);
  return { always: alertmanagers, receivers, route: whole, inhibit, silences };
}

const load = { webhook: loadWebhook, slack: loadSlack, email: loadEmail };

/** Everything to everybody: where there is no route, all receivers are short forms, or there is one. */
function plainRoute(receivers: readonly Receiver[], inhibited: boolean): Route | undefined {
  const to = (receiver: string): Route => ({
    receiver,
    matchers: [],
    goOn: true,
    groupBy: ['alertname', 'budget'],
    groupWaitUs: inhibited ? INHIBITION_WAIT_US : 0,
    repeatUs: undefined,
    mute: [],
    active: [],
    routes: [],
  });
  const [first] = receivers;
  return first && { ...to(first.name), routes: receivers.map(({ name }) => to(name)) };
}

/** One, or a list of them: the members of a cluster, each told of everything. */
function loadAlertmanagers(yaml: YamlReader, place: Place): readonly Channel[] {
  if (!yaml.isList(place)) {
    const only = loadAlertmanager(yaml, place, 'alertmanager');
    return only === undefined ? [] : [only];
  }
  const items = yaml.items(place) ?? [];
  if (items.length === 0) yaml.wrong(place, 'is empty');
  return items.flatMap((item, index) => loadAlertmanager(yaml, item, `alertmanager[${index}]`) ?? []);
}

function loadReceivers(
  yaml: YamlReader,
  place: Place,
  given: { readonly defaults: Defaults; readonly context: Context },
): readonly Receiver[] {
  const items = yaml.items(place) ?? [];
  if (items.length === 0) yaml.wrong(place, 'is empty');
  const names = new Set<string>();
  return items.flatMap((item) => {
    const fields = yaml.fields(item, receiver);
    const nameAt = fields?.get('name');
    const name = nameAt && yaml.text(nameAt);
    if (fields === undefined) return [];
    const channels = short.flatMap((kind) => {
      const listAt = fields.get(`${kind}_configs`);
      const configs = (listAt && yaml.items(listAt)) ?? [];
      if (listAt && configs.length === 0) yaml.wrong(listAt, 'is empty');
      return configs.flatMap((config, index) => {
        return load[kind](yaml, config, `${name ?? ''}.${kind}_configs[${index}]`, given) ?? [];
      });
    });
    const said = [...short.map((kind) => `${kind}_configs`), ...receiver.later].some((key) => yaml.has(item, key));
    if (!said && name !== undefined)
      yaml.wrong(item, 'tells nobody; add "webhook_configs", "slack_configs" or "email_configs"');
    if (name === undefined) return [];
    if (names.has(name)) yaml.wrong(item, `there is another receiver named "${name}"`);
    names.add(name);
    return [{ name, channels }];
  });
}

function checkNames(
  yaml: YamlReader,
  named: readonly { readonly at: Place; readonly name: string }[],
  receivers: readonly Receiver[],
): void {
  const names = receivers.map(({ name }) => name);
  for (const { at, name } of named) {
    if (names.includes(name)) continue;
    const hint = nearest(name, names);
    yaml.wrong(at, `no receiver "${name}"${hint === undefined ? '' : `; did you mean "${hint}"?`}`);
  }
}
