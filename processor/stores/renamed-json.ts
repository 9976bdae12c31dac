/**
 * A text of JSON with another name for `id` wherever it stands alone, in sentences too.
 *
 * @example renamedJson('{"customer":"acme"}', 'acme', 'erased-1') // '{"customer":"erased-1"}'
 */
export function renamedJson(text: string, id: string, token: string): string {
  if (!text.includes(JSON.stringify(id).slice(1, -1))) return text;
  const alone = new RegExp(
    `(?<![\\p{L}\\p{N}_-])${id.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')}(?![\\p{L}\\p{N}_-])`,
    'gu',
  );
  return JSON.stringify(
    JSON.parse(text, (_, value: unknown) => (typeof value === 'string' ? value.replace(alone, token) : value)),
  );
}
