import { appendFile, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * A file of JSON lines that takes no more once it has `maxBytes`. Only its owner may read it, because it holds what others
 * would not take: spans, alerts. Answers whether there was room; never rejects.
 *
 * @example await boundedFile('./dead-letters.jsonl', 16 << 20)({ time: '2026-11-26T07:00:00.000Z', why: 'status 400' })
 */
export function boundedFile(path: string, maxBytes: number): (record: unknown) => Promise<boolean> {
  let size: number | undefined;
  return async (record) => {
    const line = `${JSON.stringify(record)}\n`;
    try {
      size ??= await sizeOf(path);
      if (size + line.length > maxBytes) return false;
      size += line.length;
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await appendFile(path, line, { mode: 0o600, flush: true });
      return true;
    } catch {
      return false;
    }
  };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
