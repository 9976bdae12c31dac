/** The list that the maintainers of genai-prices publish for this. */
export const publishedList =
  'https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/new_data/v2/data.json';

/** Twenty times what it has now. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Fetches a price list. Throws an Error that names the address; of a list without an end it reads 64 MiB. */
export async function fetchPriceList(url: string = publishedList): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw new Error(`${url}: more than ${MAX_BYTES} bytes are no price list`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
