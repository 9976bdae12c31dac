/** Token totals of an entry; those of units without a column stand in `more`. */
export const entryTokens = {
  input: "input + cache_read + cache_write_5m + cache_write_1h + cache_write + coalesce(more ->> 'input_tokens', 0)",
  cache_read: "cache_read + coalesce(more ->> 'cache_read_tokens', 0)",
  cache_write: 'cache_write_5m + cache_write_1h + cache_write',
  output: "output + reasoning + coalesce(more ->> 'output_tokens', 0)",
  reasoning: 'reasoning',
};
