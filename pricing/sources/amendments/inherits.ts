import type { InheritAmendment } from './amendment.ts';

export const inheritAmendments: readonly InheritAmendment[] = [
  {
    provider: 'google',
    // One price for "text / image / video" wherever the page names no other.
    inherits: {
      input_image: 'input',
      input_video: 'input',
      cache_read_image: 'cache_read',
      cache_read_video: 'cache_read',
      // Models that speak have one output price, that of audio.
      output_audio: 'output',
    },
    source: 'https://ai.google.dev/gemini-api/docs/pricing',
  },
  {
    provider: 'openai',
    // Images sent to a chat model are counted in tokens and priced as its input.
    inherits: { input_image: 'input', cache_read_image: 'cache_read' },
    source: 'https://developers.openai.com/api/docs/guides/images-vision',
  },
];
