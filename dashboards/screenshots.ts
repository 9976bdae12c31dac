/**
 * Every screen of the page as on a desk, in the dark and on a phone, from a running processor; best after `npm run demo`, with the address of its page:
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
const looks = {
  desktop: { viewport: { width: 1280, height: 860 } },
  dark: { viewport: { width: 1280, height: 860 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
} as const;
const screens = ['overview', 'budgets', 'customers', 'quality'];
for (const [look, options] of Object.entries(looks)) {
  const page = await browser.newPage(options);
  for (const screen of screens) {
    await page.goto(`${url}?screen=${screen}`, { waitUntil: 'networkidle' });
    await page.screenshot({ path: join(folder, `${screen}-${look}.png`) });
  }
  await page.goto(`${url}?derive=${encodeURIComponent('feature="chatbot"')}`, { waitUntil: 'networkidle' });
  await page.screenshot({ path: join(folder, `derivation-${look}.png`) });
  await page.close();
}
await browser.close();
