import type { ExpositionFormat } from './exposition.ts';

const OPENMETRICS = 'application/openmetrics-text';
/** The versions of OpenMetrics whose text ours is. */
const versions: ReadonlySet<string | undefined> = new Set([undefined, '0.0.1', '1.0.0']);

/**
 * The format that a scraper likes best by its Accept header (RFC 9110 §12.5.1). OpenMetrics has to be asked for by name:
 * browsers and curl, which take anything, get the plain text.
 *
 * @example negotiate('application/openmetrics-text;version=1.0.0,text/plain;q=0.5') // 'openmetrics'
 */
export function negotiate(accept: string | undefined): ExpositionFormat {
  let [openmetrics, text] = [0, 0];
  for (const range of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const value = (name: string): string | undefined =>
      parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1);
    const quality = Number(value('q') ?? 1) || 0;
    if (type === OPENMETRICS && versions.has(value('version'))) openmetrics = Math.max(openmetrics, quality);
    if (type === 'text/plain') text = Math.max(text, quality);
  }
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'text';
}
