/**
 * The many spellings of providers and models, each as a commented pattern applied in the order written. What none of them
 * says is looked up as it stands.
 */

/**
 * The catalog's name of a provider by any name that spans, SDKs or gateways use; unknown names come back folded, for they
 * may be the catalog's own.
 *
 * @example providerName('azure.ai.openai') // 'azure'
 */
export function providerName(name: string): string {
  const folded = name.trim().toLowerCase();
  return aliases.get(folded) ?? aliases.get(folded.replace(/[ _]/g, '-')) ?? aliasOfStem(folded) ?? folded;
}

/** The Vercel AI SDK and LiteLLM name the API as well: `openai.responses`, `google.vertex.chat`, `cohere_chat`. */
function aliasOfStem(folded: string): string | undefined {
  const stem = folded.replace(
    /[._-](chat|responses|messages|completions?|text|embeddings?|image|speech|transcription|converse|language-model)$/,
    '',
  );
  return stem === folded ? undefined : (aliases.get(stem) ?? stem);
}

const aliases = new Map<string, string>(
  Object.entries({
    // OpenTelemetry `gen_ai.provider.name`, and the older `gen_ai.system`; then SDKs and gateways.
    anthropic: ['anthropic', 'claude'],
    aws: [
      'aws.bedrock',
      'aws_bedrock',
      'bedrock',
      'amazon-bedrock',
      'amazon_bedrock',
      'aws',
      'amazon',
      'bedrock_converse',
    ],
    azure: [
      'azure.ai.openai',
      'azure.ai.inference',
      'az.ai.openai',
      'az.ai.inference',
      'azure',
      'azure_openai',
      'azure-openai',
      'azureopenai',
      'azure_ai',
      'azure-ai',
      'microsoft.foundry',
    ],
    alibaba: ['alibaba', 'dashscope', 'alibaba_cloud', 'alibaba-cloud', 'qwen'],
    cohere: ['cohere', 'cohereai'],
    digitalocean: ['digitalocean', 'gradient_ai', 'gradient'],
    elevenlabs: ['elevenlabs', 'eleven_labs', '11labs'],
    exa: ['exa', 'exa_ai'],
    fal: ['fal', 'fal_ai', 'fal-ai'],
    friendli: ['friendli', 'friendliai'],
    jina: ['jina', 'jina_ai', 'jinaai', 'jina-ai'],
    lambda: ['lambda', 'lambda_ai', 'lambda-ai'],
    parallel: ['parallel', 'parallel_ai'],
    runway: ['runway', 'runwayml'],
    vercel: ['vercel', 'vercel_ai_gateway', 'vercel-ai-gateway', 'gateway'],
    deepseek: ['deepseek'],
    fireworks: ['fireworks', 'fireworks_ai', 'fireworks-ai', 'fireworksai'],
    google: [
      'gcp.gemini',
      'gcp.vertex_ai',
      'gcp.gen_ai',
      'gcp.vertex.agent',
      'gemini',
      'vertex_ai',
      'vertex-ai',
      'vertexai',
      'vertex',
      'google',
      'google.generative-ai',
      'google.vertex',
      'google-vertex',
      'google_genai',
      'google_vertexai',
      'google_ai_studio',
      'google-gla',
      'google-vertex-ai',
    ],
    groq: ['groq'],
    'ibm.watsonx.ai': ['ibm.watsonx.ai', 'watsonx', 'watsonx.ai', 'watsonxai', 'ibm_watsonx', 'ibm'],
    minimax: ['minimax'],
    mistral: ['mistral_ai', 'mistral', 'mistralai', 'mistral-ai'],
    moonshotai: ['moonshot_ai', 'moonshot', 'moonshotai', 'moonshot-ai'],
    ollama: ['ollama'],
    openai: ['openai', 'open_ai', 'open-ai', 'text-completion-openai'],
    openrouter: ['openrouter', 'open_router'],
    perplexity: ['perplexity', 'perplexityai', 'pplx'],
    together: ['together', 'together_ai', 'together-ai', 'togetherai'],
    voyageai: ['voyage', 'voyageai', 'voyage_ai', 'voyage-ai'],
    'x-ai': ['x_ai', 'xai', 'x-ai', 'x.ai', 'grok'],
    zai: ['zai', 'z.ai', 'z-ai', 'z_ai'],
    zhipuai: ['zhipuai', 'zhipu', 'bigmodel'],
  }).flatMap(([provider, names]) => names.map((name) => [name, provider] as const)),
);

/** A provider that the shape of the model's name gives away when none is named. */
export function providerOfShape(model: string): string | undefined {
  return shapes.find(({ pattern }) => pattern.test(model))?.provider;
}

const bedrockVendor =
  '(?:ai21|amazon|anthropic|cohere|deepseek|meta|mistral|moonshot|nvidia|openai|qwen|stability|writer)';
const shapes: readonly { readonly pattern: RegExp; readonly provider: string }[] = [
  // arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-…
  { pattern: /^arn:aws[\w-]*:bedrock:/, provider: 'aws' },
  // us.anthropic.claude-opus-4-6-v1:0, meta.llama3-1-70b-instruct-v1:0
  { pattern: new RegExp(String.raw`^(?:[a-z-]{2,6}\.)?${bedrockVendor}\.[a-z]`), provider: 'aws' },
  // projects/p/locations/l/publishers/anthropic/models/claude-…@20250514
  { pattern: /(?:^|\/)publishers\/[^/]+\/models\//, provider: 'google' },
];

/**
 * The spellings of a model to look up, most literal first: the name as it stands, then one more pattern taken off at a time.
 *
 * @example modelSpellings('google', 'publishers/anthropic/models/claude-sonnet-4@20250514')
 * // [the name itself, 'claude-sonnet-4@20250514', 'claude-sonnet-4-20250514']
 */
export function modelSpellings(provider: string, model: string): readonly string[] {
  const spellings = [model.trim()];
  for (const { only, pattern, becomes } of rewrites) {
    if (only !== undefined && !only.includes(provider)) continue;
    const rewritten = (spellings.at(-1) ?? '').replace(pattern, becomes);
    if (rewritten !== '' && rewritten !== spellings.at(-1)) spellings.push(rewritten);
  }
  return spellings;
}

interface Rewrite {
  /** The providers whose names look like that; all where it is missing. */
  readonly only?: readonly string[];
  readonly pattern: RegExp;
  readonly becomes: string;
}

const rewrites: readonly Rewrite[] = [
  // Bedrock: arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-…, and ARNs of system-made inference profiles.
  // Application inference profiles are opaque: only the account's owner knows the model.
  { only: ['aws'], pattern: /^arn:aws[\w-]*:bedrock:[\w-]*:\d*:(?:foundation-model|inference-profile)\//, becomes: '' },
  // LiteLLM's bedrock/us-east-1/…, bedrock/converse/…
  { only: ['aws'], pattern: /^bedrock\/(?:[a-z]{2}(?:-[a-z]+)+-\d\/)?(?:converse\/|invoke\/)?/, becomes: '' },
  // Vertex: projects/…/publishers/anthropic/models/…
  { pattern: /^(?:.*\/)?publishers\/[^/]+\/models\//, becomes: '' },
  // Gemini: models/gemini-2.5-pro, tunedModels are left alone
  { only: ['google'], pattern: /^models\//, becomes: '' },
  // A gateway's or framework's provider in front: openai/gpt-4o, anthropic:claude-sonnet-4-5, azure_ai/…, gemini/…
  // OpenRouter's and Hugging Face's own names look like that too, so they keep it.
  {
    only: [
      'anthropic',
      'azure',
      'cohere',
      'deepseek',
      'google',
      'groq',
      'mistral',
      'moonshotai',
      'openai',
      'perplexity',
      'voyageai',
      'x-ai',
    ],
    pattern: /^[a-z][a-z0-9_.-]*[/:](?!.*[/:])/i,
    becomes: '',
  },
  // LiteLLM puts its own provider in front of every name.
  { only: ['openrouter', 'fireworks', 'together'], pattern: /^(?:openrouter|fireworks_ai|together_ai)\//, becomes: '' },
  // Vertex dates: claude-sonnet-4@20250514, gemini-2.0-flash@001; @default and @latest name no snapshot.
  { only: ['google', 'anthropic'], pattern: /@(?:default|latest)$/, becomes: '' },
  { only: ['google', 'anthropic'], pattern: /@(\d+)$/, becomes: '-$1' },
  // OpenRouter variants that route differently at the same price: :nitro, :floor, :online, :exacto, :extended have prices of
  // their own or add a fee, so only the first two are taken off.
  { only: ['openrouter'], pattern: /:(?:nitro|floor)$/, becomes: '' },
];

/**
 * The family of a dated snapshot, of which a snapshot that is not listed is charged: price pages list snapshots where their
 * prices differ. The charge says so, for a family's price can be another one than a snapshot's.
 *
 * @example snapshotFamily('gpt-4o-2030-01-01') // 'gpt-4o'
 */
export function snapshotFamily(model: string): string | undefined {
  const family = model.replace(/-(?:20\d\d-\d\d-\d\d|20\d{6})$/, '');
  return family === model ? undefined : family;
}
