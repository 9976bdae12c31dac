/**
 * Token counts where the provider gave none (an aborted or cut stream). The rule: one token for every four bytes of UTF-8,
 * rounded up. English text comes to about four characters a token with today's vocabularies; other scripts have more bytes
 * a character and fewer characters a token, which is why bytes are counted. Every count made here is marked
 * (`spanledger.usage.estimated`).
 */
export function estimateTokens(bytes: number): number {
  return Math.ceil(bytes / 4);
}

/** Keys whose strings are no prose: media, ids, links. They would be counted as many tokens that they are not. */
const skipped = new Set([
  'data',
  'url',
  'image_url',
  'file_data',
  'file_id',
  'id',
  'type',
  'role',
  'format',
  'detail',
  'media_type',
  'encrypted_content',
  'signature',
]);
const deepest = 12;

/**
 * The bytes of text in part of a request, wherever they stand.
 *
 * @example textBytes([{ role: 'user', content: 'Hello' }]) // 5
 */
export function textBytes(value: unknown, depth = 0): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null || depth > deepest || ArrayBuffer.isView(value)) return 0;
  let bytes = 0;
  if (Array.isArray(value)) for (const item of value) bytes += textBytes(item, depth + 1);
  else for (const [key, item] of Object.entries(value)) if (!skipped.has(key)) bytes += textBytes(item, depth + 1);
  return bytes;
}
