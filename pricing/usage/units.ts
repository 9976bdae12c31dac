/**
 * The unit table: everything that a provider can charge for. To add a billable unit, add a row.
 *
 * Counts are disjoint: `input` is input that was neither read from nor written to a cache and has no modality of its own;
 * `output` leaves out reasoning. `scale` is how people quote the rate: USD per million tokens, per unit for the rest.
 */
export const units = {
  input: { kind: 'token', direction: 'input' },
  cache_read: { kind: 'token', direction: 'input' },
  cache_write_5m: { kind: 'token', direction: 'input' },
  cache_write_1h: { kind: 'token', direction: 'input' },
  cache_write_12h: { kind: 'token', direction: 'input' },
  /** Written to a cache whose time to live is not known. */
  cache_write: { kind: 'token', direction: 'input' },
  output: { kind: 'token', direction: 'output' },
  reasoning: { kind: 'token', direction: 'output' },
  input_audio: { kind: 'token', direction: 'input' },
  input_image: { kind: 'token', direction: 'input' },
  input_video: { kind: 'token', direction: 'input' },
  cache_read_audio: { kind: 'token', direction: 'input' },
  cache_read_image: { kind: 'token', direction: 'input' },
  cache_read_video: { kind: 'token', direction: 'input' },
  output_audio: { kind: 'token', direction: 'output' },
  output_image: { kind: 'token', direction: 'output' },
  output_video: { kind: 'token', direction: 'output' },
  citation: { kind: 'token', direction: 'output' },
  request: { kind: 'count', direction: 'other' },
  /** A request whose search was wider than the default, where the provider asks more for that. */
  request_medium: { kind: 'count', direction: 'other' },
  request_high: { kind: 'count', direction: 'other' },
  web_search: { kind: 'count', direction: 'other' },
  file_search: { kind: 'count', direction: 'other' },
  code_session: { kind: 'count', direction: 'other' },
  search_unit: { kind: 'count', direction: 'other' },
  page: { kind: 'count', direction: 'other' },
  annotated_page: { kind: 'count', direction: 'other' },
  image: { kind: 'count', direction: 'other' },
  /** Of images that were sent. */
  pixel: { kind: 'count', direction: 'other' },
  character: { kind: 'count', direction: 'other' },
  audio_second: { kind: 'count', direction: 'other' },
  video_second: { kind: 'count', direction: 'other' },
  gpu_second: { kind: 'count', direction: 'other' },
  credit: { kind: 'count', direction: 'other' },
} as const satisfies Record<string, { kind: 'token' | 'count'; direction: 'input' | 'output' | 'other' }>;

export type Unit = keyof typeof units;
export const unitNames = Object.keys(units) as readonly Unit[];

/** @example isUnit('cache_read') // true */
export function isUnit(name: string): name is Unit {
  return Object.hasOwn(units, name);
}
