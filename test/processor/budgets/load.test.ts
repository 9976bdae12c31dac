import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUsd } from '../../../pricing/money.ts';
import { loadBudgets, mistakesText } from '../../../processor/budgets/load.ts';
import { starterFile } from '../../../processor/budgets/starter.ts';

const folder = join(import.meta.dirname, '../../fixtures/budgets');
const load = (name: string): ReturnType<typeof loadBudgets> =>
  loadBudgets(name, readFileSync(join(folder, name), 'utf8'));

/** Every mistake of a file, in its order, as `line:column message`. */
const bad: Readonly<Record<string, readonly string[]>> = {
  'actions.bad.yaml': [
    '7:20 fail_mode: "close" is not a way to fail; there are open, closed',
    '9:63 throttle: "to" is missing',
    '10:69 to: "two words" is not the name of a model such as gpt-4.1-nano',
    '11:51 action: "throttle" and "cap" are two actions; write each at a threshold of its own',
    '12:51 action: is empty; write { throttle: { to: <model> } } or { cap: {} }',
    '13:53 action: "block" is unknown here; there are throttle, cap',
    '14:61 cap: "messag" is unknown; did you mean "message"?',
    '15:70 message: a message has 1 to 500 characters, not 0',
    '16:50 action: no call is stopped on a forecast; write the action at a threshold of what was spent, with "at"',
    '18:30 time_interval: "time_intervals" of the file has no "ofice-hours"; did you mean "office-hours"?',
    '19:23 match[0]: "plann" is not a dimension; did you mean "plan"?',
    '19:80 max_action: "cap" is the strictest action: the window would hold nothing back',
    '20:13 action_windows[2]: "time_interval" is missing',
    '20:27 max_action: "nothing" is not an action; there are alert, throttle',
    '24:20 weekdays[0]: "monday:fryday" is not one of sunday, monday, tuesday, wednesday, thursday, friday, saturday, or two of them as monday:friday',
    '24:37 weekdays[1]: "friday:monday" ends before it starts; sunday is the first',
    '25:31 start_time: "8:00" is not a time of day such as 08:00',
    '25:60 times[1]: its end is not after its start; over midnight it takes two, as 22:00 to 24:00 and 00:00 to 06:00',
    '26:25 days_of_month[0]: "0": days count from 1, or from -1 for the last',
    '26:30 days_of_month[1]: "-1:5" counts from the end and then from the start of the month',
    '26:38 days_of_month[2]: "32" is not a number from -31 to 31, or two of them as 1:5',
    '26:44 days_of_month[3]: "-1:-3" is not a number from -31 to 31, or two of them as 1:5',
    '27:18 months[0]: "13" is not a number from 1 to 12, or two of them as 1:5',
    '28:19 location: "Mars" is not a time zone such as Europe/Berlin or UTC',
    '29:11 name: there is another time interval named "office-hours"',
    '30:21 time_intervals: is empty; it would never hold',
  ],
  'alertmanager.bad.yaml': [
    '3:17 alertmanager: "url" is missing',
    '3:19 alertmanager: "uri" is unknown; did you mean "url"?',
    '4:14 receivers: is empty',
    '5:22 receiver: no receiver "ops"',
  ],
  'amounts.bad.yaml': [
    '4:89 amount: "$5" has a sign for a unit; write it as in 5 USD',
    '5:59 amount: "5 EUR": "EUR" is not a unit of an amount; there are USD, tokens, requests',
    '6:59 amount: "-5 USD" is negative; an amount is 0 USD or more',
    '7:59 amount: "1,500 USD" is not a plain decimal number; write it as in 1500.50 USD',
    '8:59 amount: "0.0000000000000001" has more than 15 decimals',
    '9:51 amount: a value is needed here, not nothing',
    '10:9 rules[6]: "amount" is missing',
    '11:54 at: "0%" would be crossed before anything is spent; write more than 0%',
    '12:54 at: "0 USD" would be crossed before anything is spent; write more than 0',
    '13:54 at: "-1%" is not a percentage such as 70% (at most 6 decimals)',
    '14:59 amount: "5 usd": "usd" is not a unit of an amount; there are USD, tokens, requests',
  ],
  'anchor.bad.yaml': [
    '4:78 anchor: "32" is not a day of the month from 1 to 31',
    '5:77 anchor: "mon" is not a weekday such as monday',
    '6:76 anchor: periods of a day always begin as on the calendar; only month and week have an anchor',
  ],
  'broken.bad.yaml': ['3:5 Flow sequence in block collection must be sufficiently indented and end with a ]'],
  'doubled.bad.yaml': [
    '3:5 groups[0]: "name" is there twice',
    '5:9 rules[0]: a map of keys and values is needed here, not a single value',
    '6:5 groups[1]: "name" is missing',
    '6:12 rules: a list is needed here, not a map',
  ],
  'empty.bad.yaml': ['1:1 the file: there is nothing in it; "spanledger budgets init" writes one to start from'],
  'forecast.bad.yaml': [
    '8:13 thresholds[0]: "at" and "forecast" are two thresholds; write each on its own',
    '10:36 for: "6 hours" is not a duration such as 30s, 10m or 1h30m (a year at most)',
    '12:13 thresholds[4]: there is another threshold at forecast 100%',
    '13:13 thresholds[5]: "at" is missing',
  ],
  'many.bad.yaml': [
    '3:15 labels: "budget" is a label that alerts set themselves; take another name',
    '3:26 labels: "a-b" is not a label name (letters, digits and _)',
    '6:17 match[0]: "plann" is not a dimension; did you mean "plan"?',
    '6:32 match[1]: "pro(" is not a regular expression: Unterminated group',
    '6:48 match[2]: "plan pro" is not a matcher such as plan="pro"',
    '7:14 by[0]: "custmer_id" is not a dimension; did you mean "customer_id"?',
    '7:35 by[2]: "feature" is there twice',
    '8:17 amount: "5" has no unit; write 5 USD, or tokens or requests',
    '9:17 period: "mont" is not a period; did you mean "month"?',
    '10:9 rules[0]: "timezon" is unknown; did you mean "timezone"?',
    '11:19 timezone: "Mars/Olympus" is not a time zone such as Europe/Berlin or UTC',
    '13:19 at: "70" has no unit; write 70% or an amount such as 35 USD',
    '13:33 severity: "warnin" is not a severity; did you mean "warning"?',
    '15:13 thresholds[2]: there is another threshold at 90%',
    '16:33 summary: alerts of this budget have no label "nobody"; they have alertname, budget, threshold, basis, severity, period, feature',
    '17:9 rules[1]: "amount" is missing',
    '17:9 rules[1]: "period" is missing',
    '17:17 budget: there is another budget named "customer-monthly"; names are unique in the file',
    '18:9 by: a list is needed here, not nothing',
    '19:21 thresholds: is empty; without a threshold nobody would be told',
  ],
  'not-yet.bad.yaml': [
    '7:19 unpriced: "worst" is not a policy for calls without a price; there are alert, worst-case, block, ignore',
    '12:3 notify: "templates" is not supported yet; leave it out',
  ],
  'notify-both.bad.yaml': [
    '2:27 url: this is not a URL such as https://example.com/hook',
    '2:50 receivers: there is "webhook" already; write one or the other',
    '2:50 receivers: is empty',
  ],
  'notify-url.bad.yaml': ['2:20 webhook: a map of keys and values is needed here, not a single value'],
  'notify.bad.yaml': [
    '3:29 smtp_smarthost: "smtp.example.com" is not a host and port such as smtp.example.com:587',
    '3:47 smtp_auth_password: does not stand in this file; write smtp_auth_password_file or smtp_auth_password_env',
    '3:88 slack_api_url: this is not a URL such as https://example.com/hook',
    '4:22 receiver: no receiver "opss"; did you mean "ops"?',
    '4:28 matchers: the first route takes every alert; write it below',
    '4:70 group_by[0]: "a-b" is not a label name (letters, digits and _)',
    '4:95 repeat_interval: "daily" is not a duration such as 30s, 10m or 1h30m (a year at most)',
    '4:114 group_wait: "2h" is longer than an hour: who waits so long needs no alert',
    '5:34 mute_time_intervals[0]: "time_intervals" of the file has no "nights"',
    '5:64 receiver: no receiver "pager"; did you mean "page"?',
    '5:81 continue: "yes" is neither true nor false',
    '5:86 routes[0]: "group_interval" is not supported yet; leave it out',
    '8:32 url: only http and https URLs can be called, not ftp:',
    '8:109 url_file: there is "url" already',
    '9:7 receivers[1]: tells nobody; add "webhook_configs", "slack_configs" or "email_configs"',
    '9:7 receivers[1]: there is another receiver named "ops"',
    '11:23 email_configs[0]: "from" is missing, here or as smtp_from in "global"',
    '11:23 email_configs[0]: "smarthost" is missing, here or as smtp_smarthost in "global"',
    '11:44 email_configs[1]: auth_username and auth_password_file (or auth_password_env) belong together',
    '11:50 to: "ops" is not a mail address such as ops@example.com',
    '13:23 slack_configs[0]: "api_url" is missing',
    '13:59 api_url_env: this is not the name of a variable',
    '15:7 receivers[4]: "pagerduty_configs" is not supported yet; leave it out',
    '17:74 credentials: does not stand in this file; write credentials_file or credentials_env',
    '17:99 webhook_configs[1]: "url" is missing',
    '17:116 send_resolved: "maybe" is neither true nor false',
    '19:26 source_matchers: is empty; it would match every alert',
    '19:48 target_matchers[0]: "severity" is not a matcher such as plan="pro"',
    '19:77 equal[1]: "b-c" is not a label name (letters, digits and _)',
    '20:7 inhibit_rules[1]: "target_matchers" is missing',
  ],
  'override.bad.yaml': [
    '8:22 match: without a matcher it would apply to every key; set "amount" of the budget instead',
    '9:13 overrides[1]: "amount" is missing',
    '9:38 overrides[1]: "amont" is unknown; did you mean "amount"?',
    '10:13 overrides[2]: a map of keys and values is needed here, not a single value',
    '11:19 max_keys: "0" is not a whole number from 1 to 1000000',
    '12:22 thresholds[0]: "severity" is missing',
  ],
  'units.bad.yaml': [
    '5:17 amount: "1.5 requests" is not a whole number; write it as in 2000000 or 2e6',
    '7:17 preset: "70-90-111" is not a preset; there are 70-90-110, 80-120, margin-50-80',
    '12:54 amount: is in USD, but the budget is in tokens',
    '13:28 at: is in requests, but the budget is in tokens',
    '13:58 thresholds[1]: there is another threshold at 90%',
    '14:9 rules[2]: "thresholds" is missing',
    '15:17 amount: "2e99 tokens" is not a whole number; write it as in 2000000 or 2e6',
  ],
  'windows.bad.yaml': [
    '3:15 interval: "1ms" is not a duration such as 30s, 10m or 1h30m (a year at most)',
    '5:58 timezone: a window that rolls has none; leave it out',
    '5:81 anchor: a window that rolls has no anchor',
    '6:45 period: "24h" is not a period; a window that rolls is written as in rolling 30d',
    '7:45 period: a window is 5 minutes or longer, in whole minutes',
    '8:72 forecast: a window that rolls has no end to be foreseen',
    '9:22 period: "growth" compares spend with spend; leave it out',
    '9:43 growth: "above" is missing',
    '9:69 thresholds: one is needed, such as { severity: warning }; each level is a rule of its own',
    '10:51 compare: "5h" is not a time in steps of 1d, at most 500 of them',
    '10:62 above: "3 USD" is not a percentage such as 300%: by how much more than before',
    '10:76 floor: "0 USD" would be reached by nothing; write more than 0',
    '10:116 thresholds[0]: "at" is unknown here; there are severity, for',
    '11:22 spike: "growth" compares spend with spend; leave it out',
    '11:78 growth: "over" is missing',
    '11:78 growth: "above" is missing',
    '11:113 thresholds[0]: "action" is not supported yet; leave it out',
    '12:9 rules[7]: "thresholds" is missing; write [{ severity: warning }]',
    '13:9 rules[8]: "amount" is missing',
    '13:9 rules[8]: "period" is missing',
    '13:75 labels: "budget" is a label that alerts set themselves; take another name',
    '13:93 for: "long" is not a duration such as 30s, 10m or 1h30m (a year at most)',
  ],
  'leases.bad.yaml': [
    '4:117 lease: "yes" is neither true nor false',
    '5:98 action: a window that rolls has no leases; leave out "lease", or write a period such as month',
    '6:120 throttle: "lease" is unknown here; there are to',
  ],
  'revenue.bad.yaml': [
    '4:49 revenue_percent: "thirty" is not a percentage such as 30',
    '5:30 amount: "revenue_percent" is missing',
    '5:32 amount: "revenue" is unknown here; there are revenue_percent',
    '6:22 by: revenue is known by customer: write [customer_id], or leave it out',
    '7:22 match: revenue is known by customer: add by: [customer_id], or leave it out',
    '7:60 period: revenue is known by month: write month, quarter or year',
    '8:100 amount: is in USD, but the budget is in tokens',
    '8:150 margin: is a share of revenue, as in 80%, of a budget in USD',
    '9:56 period: revenue is known by month: write month, quarter or year',
    '9:99 margin: is a share of revenue, as in 80%, of a budget in USD',
    '9:124 thresholds[1]: "at" and "margin" are two thresholds; write each on its own',
  ],
};

describe('budgets.yaml with mistakes', () => {
  it.each(Object.entries(bad))('%s', (name, expected) => {
    const loaded = load(name);
    const mistakes = loaded.status === 'invalid' ? loaded.mistakes : [];
    expect(mistakes.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual(expected);
  });

  it('has a row for every file', () => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.bad.yaml'));
    expect(files.toSorted()).toEqual(Object.keys(bad).toSorted());
  });

  it('repeats no secret of a URL', () => {
    for (const name of Object.keys(bad)) {
      const loaded = load(name);
      expect(loaded.status === 'invalid' && mistakesText(loaded)).not.toContain('hush');
    }
  });

  it('never throws, whatever the file holds', () => {
    const good = readFileSync(join(folder, 'whole.good.yaml'), 'utf8');
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom(
        '&a ',
        '*a',
        '{',
        '}',
        '[',
        ']',
        ': ',
        '- ',
        '\n',
        '!!set ',
        '<<: *a',
        '? ',
        '"',
        "'",
        '|',
        '---\n',
        '70%',
        '\t',
      ),
    );
    const edit = fc.record({ at: fc.nat(good.length), cut: fc.nat(12), piece });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let text = good;
        for (const { at, cut, piece } of edits) text = text.slice(0, at) + piece + text.slice(at + cut);
        const loaded = loadBudgets('edited.yaml', text);
        if (loaded.status === 'valid') return;
        const lines = text.split('\n').length;
        for (const { line, column } of loaded.mistakes) {
          expect(line).toBeGreaterThan(0);
          expect(line).toBeLessThanOrEqual(lines);
          expect(column).toBeGreaterThan(0);
        }
        expect(loaded.mistakes.length).toBeGreaterThan(0);
      }),
      { numRuns: 400 },
    );
  });

  it('refuses a file that unfolds without end', () => {
    const rule = '{ budget: a, amount: 1 USD, period: day, thresholds: [{ at: 50%, severity: info }], match: &m [] }';
    const many = Array.from({ length: 501 }, (_, index) => `      - { budget: b${index}, match: *m }`).join('\n');
    const loaded = loadBudgets('x', `groups:\n  - name: x\n    rules:\n      - ${rule}\n${many}\n`);
    expect(loaded.status === 'invalid' && mistakesText(loaded)).toContain('too many aliases');
  });
});

describe('budgets.yaml', () => {
  it('is read whole', () => {
    const loaded = load('whole.good.yaml');
    expect(loaded).toMatchObject({
      status: 'valid',
      rules: [
        {
          budget: 'customer-monthly',
          group: 'customers',
          labels: { owner: 'growth' },
          match: [
            { name: 'environment', op: '=', value: 'production' },
            { name: 'plan', op: '!=', value: 'internal' },
          ],
          by: ['customer_id'],
          amount: { unit: 'USD', value: parseUsd('5') },
          period: 'month',
          timezone: 'Europe/Berlin',
          overrides: [
            { match: [{ name: 'customer_id', op: '=', value: 'acme' }], amount: { value: parseUsd('500') } },
            { match: [{ name: 'plan', op: '=~', value: 'pro|enterprise' }], amount: { value: parseUsd('40.5') } },
          ],
          thresholds: [
            { label: '110%', severity: 'critical' },
            { label: '70%', severity: 'warning' },
            { label: '35 USD', severity: 'page' },
            { basis: 'forecast', label: '100%', severity: 'warning', forUs: 6 * 3_600_000_000 },
          ],
          maxKeys: 5000,
          keepFiringUs: 600_000_000,
        },
        { budget: 'org-daily', labels: {}, match: [], by: [], amount: { value: 0n }, period: 'day', timezone: 'UTC' },
      ],
      notify: { always: [], route: { receiver: 'ops' }, receivers: [{ name: 'other' }, { name: 'ops' }] },
    });
  });

  it('may count tokens and requests, and name a preset', () => {
    const loaded = load('units.good.yaml');
    const shown =
      loaded.status === 'valid' &&
      loaded.rules.map(({ amount, overrides, thresholds }) => ({
        amount,
        overrides: overrides.map((override) => override.amount),
        thresholds: thresholds.map(({ label, severity }) => `${label} ${severity}`),
      }));
    expect(shown).toEqual([
      {
        amount: { unit: 'tokens', value: 1_500_000n },
        overrides: [{ unit: 'tokens', value: 1_000_000_000n }],
        thresholds: ['80% warning', '120% critical'],
      },
      {
        amount: { unit: 'requests', value: 5n },
        overrides: [],
        thresholds: ['70% warning', '90% critical', '110% critical', '1 requests info'],
      },
    ]);
  });

  it('may have no budget at all, a short webhook, an Alertmanager, and aliases', () => {
    expect(load('webhook.good.yaml')).toMatchObject({
      status: 'valid',
      rules: [],
      notify: { receivers: [{ name: 'webhook', channels: [{ kind: 'webhook', place: 'webhook' }] }] },
    });
    expect(load('alertmanager.good.yaml')).toMatchObject({
      status: 'valid',
      notify: { always: [{ kind: 'alertmanager' }] },
    });
    const loaded = load('anchors.good.yaml');
    expect(loaded.status === 'valid' && loaded.rules.map(({ thresholds }) => thresholds[0]?.label)).toEqual([
      '50%',
      '50%',
    ]);
  });

  it('may have windows that roll, growth and spikes, "for", an interval, and labels of a rule', () => {
    const loaded = load('windows.good.yaml');
    const minutes = (us: number): number => us / 60_000_000;
    const shown =
      loaded.status === 'valid' &&
      loaded.rules.map(({ period, intervalUs, labels, thresholds, trend }) => ({
        period,
        interval: minutes(intervalUs),
        labels,
        thresholds: thresholds.map(({ basis, label, severity, forUs }) => [basis, label, severity, minutes(forUs)]),
        windows: trend && [minutes(trend.overUs), minutes(trend.compareUs), trend.floor.value],
      }));
    const interval = 1;
    expect(shown).toEqual([
      {
        period: 'rolling 30d',
        interval,
        labels: { owner: 'growth', squad: 'one' },
        thresholds: [
          ['actual', '80%', 'warning', 5],
          ['actual', '100%', 'critical', 10],
        ],
        windows: undefined,
      },
      {
        period: 'rolling 7d',
        interval,
        labels: { owner: 'platform' },
        thresholds: [['growth', '300%', 'warning', 0]],
        windows: [7 * 1440, 14 * 1440, parseUsd('20')],
      },
      {
        period: 'rolling 15m',
        interval,
        labels: { owner: 'platform' },
        thresholds: [['spike', '900%', 'critical', 2]],
        windows: [15, 180, 100_000n],
      },
    ]);
  });

  it('is valid as "budgets init" writes it with all that stands in comments there', () => {
    // One of the receivers will do.
    const all = starterFile
      .replace(/^# {3}# or one of these[^]*$/m, '')
      .replaceAll(/^( *)# ((?:  )*)(- |[a-z_]+:)/gm, '$1$2$3');
    const loaded = loadBudgets('budgets.yaml', all);
    expect(loaded.status === 'invalid' ? mistakesText(loaded) : loaded.rules.map(({ budget }) => budget)).toEqual(
      expect.arrayContaining(['customer-margin', 'customer-acting']),
    );
  });

  it('is valid as "budgets init" writes it, with and without its webhook', () => {
    const withWebhook = starterFile.replace(
      '# notify:\n#   alertmanager:\n#     url:',
      'notify:\n  alertmanager:\n    url:',
    );
    expect(withWebhook).not.toBe(starterFile);
    for (const text of [starterFile, withWebhook]) {
      const loaded = loadBudgets('budgets.yaml', text);
      expect(loaded.status === 'invalid' ? mistakesText(loaded) : loaded.rules.length).toBe(7);
    }
  });
});
