/** What replaying recorded exchanges gives, as docs/clients.md says it and corpus.test.ts proves it. */
export const corpusFigures = { exact: 767, of: 772, free: 13 } as const;

/** Exchanges whose figures cannot or must not be what the recording's block adds up to; by the end of their ids. */
export const corpusReasons: Readonly<Record<string, string>> = {
  f9a1f4af: 'counting tokens is free: its refusal is no billable call',
  '71ede9a6': 'counting tokens is free: its refusal is no billable call',
  '7b22b412':
    'the block has no count of the prompt: a charge for the answer alone would be too small, so there is none',
  '5b131a3c':
    'the block has no count of the prompt: a charge for the answer alone would be too small, so there is none',
  a8b37313: 'made up by hand: its parts (4 of sound and 3 of reasoning) are more than their whole (4)',
};
