import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const places = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const found = places.find((path) => path !== undefined && existsSync(path));

/** Why the page can't be tried in a browser here; undefined if it can. */
export const missingChromium =
  found === undefined ? 'there is no Chromium (apt-get install chromium, or set CHROMIUM_PATH)' : undefined;

export async function startChromium(): Promise<Browser> {
  const quiet = ['--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return chromium.launch({
    executablePath: found ?? '',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', ...quiet],
  });
}
