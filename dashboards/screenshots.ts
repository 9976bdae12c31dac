/**
 * The pictures of the README, from a running processor; best after `npm run demo`, with the address of its page:
 *
 *   node dashboards/screenshots.ts http://127.0.0.1:43913
 */
import { join } from 'node:path';
import { startChromium } from '../test/interop/support/chromium.ts';

const [url] = process.argv.slice(2);
if (url === undefined) {
  console.error('the address of a page is needed, as the demo prints it');
  process.exit(2);
}
const folder = join(import.meta.dirname, 'screenshots');
const browser = await startChromium();
const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
await page.goto(url, { waitUntil: 'networkidle' });
await page.screenshot({ path: join(folder, 'overview.png') });
await page.goto(`${url}?derive=${encodeURIComponent('feature="chatbot"')}`, { waitUntil: 'networkidle' });
await page.screenshot({ path: join(folder, 'derivation.png') });
await browser.close();
