/**
 * PostgreSQL's texts hold anything but U+0000, and tags come from outside: it is written as U+0001 "0", U+0001 itself as
 * U+0001 "1". Surrogates that stand alone become U+FFFD, as UTF-8 has none.
 *
 * @example decodeText(encodeText('a\u0000b')) // 'a\u0000b'
 */
export function encodeText(text: string): string {
  const well = text.isWellFormed() ? text : text.toWellFormed();
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return /[\u0000\u0001]/.test(well) ? well.replaceAll('\u0001', '\u00011').replaceAll('\u0000', '\u00010') : well;
}

export function decodeText(text: string): string {
  return text.includes('\u0001') ? text.replaceAll('\u00010', '\u0000').replaceAll('\u00011', '\u0001') : text;
}
