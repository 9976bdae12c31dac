import { nearest } from '../nearest.ts';
import type { Notify } from './rule.ts';
import type { Place, Shape, YamlReader } from './yaml.ts';

const notify = {
  keys: ['alertmanager', 'webhook', 'route', 'receivers'],
  later: ['inhibit_rules', 'mute_time_intervals', 'templates', 'slack', 'email'],
};
const route = {
  keys: ['receiver'],
  required: ['receiver'],
  later:
    'group_by group_wait group_interval repeat_interval mute_time_intervals active_time_intervals routes matchers'.split(
      ' ',
    ),
};
const receiver = {
  keys: ['name', 'webhook_configs'],
  required: ['name', 'webhook_configs'],
  later: ['slack_configs', 'email_configs', 'pagerduty_configs', 'opsgenie_configs', 'sns_configs', 'msteams_configs'],
};
const alertmanager = { keys: ['url'], required: ['url'], later: ['timeout', 'http_config', 'url_file'] };
const webhook = { keys: ['url'], required: ['url'], later: ['send_resolved', 'http_config', 'max_alerts', 'url_file'] };

/**
 * Reads where crossings are told: `alertmanager: { url }`, `webhook: { url }`, or `receivers` in Alertmanager's words, of which `route`
 * names one. One webhook so far.
 */
export function loadNotify(yaml: YamlReader, place: Place): Notify | undefined {
  const fields = yaml.fields(place, notify);
  const server = fields?.get('alertmanager');
  if (server !== undefined) {
    for (const key of ['webhook', 'route', 'receivers']) {
      const other = fields?.get(key);
      if (other)
        yaml.wrong({ ...other, offset: other.keyOffset }, 'Alertmanager is told already; leave it to its routes');
    }
    const url = loadUrl(yaml, server, alertmanager);
    return url && { kind: 'alertmanager', url };
  }
  const short = fields?.get('webhook');
  const receivers = fields?.get('receivers');
  const routeAt = fields?.get('route');
  const wanted = routeAt && loadRoute(yaml, routeAt);
  if (short !== undefined) {
    if (receivers !== undefined) yaml.wrong(receivers, 'there is "webhook" already; write one or the other');
    if (routeAt !== undefined) yaml.wrong(routeAt, 'it needs "receivers"; "webhook" is always used');
    const url = loadUrl(yaml, short, webhook);
    return url && { kind: 'webhook', receiver: 'webhook', url };
  }
  if (receivers === undefined) return yaml.wrong(place, 'says nobody; add "alertmanager" or "webhook" with a "url"');
  return loadReceivers(yaml, receivers, wanted);
}

function loadRoute(yaml: YamlReader, place: Place): { at: Place; name: string } | undefined {
  const at = yaml.fields(place, route)?.get('receiver');
  const name = at && yaml.text(at);
  return at && name !== undefined ? { at, name } : undefined;
}

function loadReceivers(
  yaml: YamlReader,
  place: Place,
  wanted: { at: Place; name: string } | undefined,
): Notify | undefined {
  const loaded = (yaml.items(place) ?? []).flatMap((item) => {
    const fields = yaml.fields(item, receiver);
    const nameAt = fields?.get('name');
    const name = nameAt && yaml.text(nameAt);
    const configsAt = fields?.get('webhook_configs');
    const configs = configsAt && yaml.items(configsAt);
    const [first, second] = configs ?? [];
    if (configsAt && configs?.length === 0) yaml.wrong(configsAt, 'is empty');
    if (second !== undefined) yaml.wrong(second, 'more than one webhook of a receiver is not supported yet');
    return [{ item, name, url: first && loadUrl(yaml, first, webhook) }];
  });
  for (const { item, name } of loaded)
    if (loaded.some((other) => other.item !== item && other.name === name && other.item.offset < item.offset))
      yaml.wrong(item, `there is another receiver named "${name}"`);
  if (wanted === undefined) {
    const [, second] = loaded;
    if (second !== undefined) yaml.wrong(second.item, 'of several receivers, "route" must name the one that is told');
    if (loaded.length === 0) yaml.wrong(place, 'is empty');
  }
  const names = loaded.flatMap(({ name }) => name ?? []);
  const chosen = wanted === undefined ? loaded[0] : loaded.find(({ name }) => name === wanted.name);
  if (wanted !== undefined && chosen === undefined) {
    const hint = nearest(wanted.name, names);
    yaml.wrong(wanted.at, `no receiver "${wanted.name}"${hint === undefined ? '' : `; did you mean "${hint}"?`}`);
  }
  return chosen?.name === undefined || chosen.url === undefined
    ? undefined
    : { kind: 'webhook', receiver: chosen.name, url: chosen.url };
}

/** Never repeats the text of a URL: many carry a secret. */
function loadUrl(yaml: YamlReader, place: Place, shape: Shape): URL | undefined {
  const at = yaml.fields(place, shape)?.get('url');
  return (
    at &&
    yaml.value(at, (text) => {
      const url = URL.parse(text);
      if (url === null) throw new RangeError('this is not a URL such as https://example.com/hook');
      if (url.protocol !== 'http:' && url.protocol !== 'https:')
        throw new RangeError(`only http and https URLs can be called, not ${url.protocol.slice(0, 20)}`);
      return url;
    })
  );
}
