/**
 * `gen_ai.provider.name` by the host that was called, because one client library serves many providers (the openai package
 * is how most people call xAI, DeepSeek, OpenRouter …). Names of the GenAI conventions where they have one.
 */
const byHost: readonly (readonly [host: string, provider: string])[] = [
  ['api.openai.com', 'openai'],
  ['openai.azure.com', 'azure.ai.openai'],
  ['cognitiveservices.azure.com', 'azure.ai.openai'],
  ['services.ai.azure.com', 'azure.ai.inference'],
  ['models.ai.azure.com', 'azure.ai.inference'],
  ['models.inference.ai.azure.com', 'azure.ai.inference'],
  ['models.github.ai', 'azure.ai.inference'],
  ['api.anthropic.com', 'anthropic'],
  ['api.x.ai', 'x_ai'],
  ['api.groq.com', 'groq'],
  ['api.deepseek.com', 'deepseek'],
  ['api.mistral.ai', 'mistral_ai'],
  ['generativelanguage.googleapis.com', 'gcp.gemini'],
  ['aiplatform.googleapis.com', 'gcp.vertex_ai'],
  ['api.cohere.com', 'cohere'],
  ['api.cohere.ai', 'cohere'],
  ['api.perplexity.ai', 'perplexity'],
  ['api.moonshot.ai', 'moonshot_ai'],
  ['api.moonshot.cn', 'moonshot_ai'],
  ['openrouter.ai', 'openrouter'],
  ['api.together.xyz', 'together_ai'],
  ['api.together.ai', 'together_ai'],
  ['api.fireworks.ai', 'fireworks_ai'],
  ['api.cerebras.ai', 'cerebras'],
  ['api.deepinfra.com', 'deepinfra'],
  ['api.sambanova.ai', 'sambanova'],
  ['api.novita.ai', 'novita'],
  ['integrate.api.nvidia.com', 'nvidia'],
  ['dashscope.aliyuncs.com', 'alibaba'],
  ['dashscope-intl.aliyuncs.com', 'alibaba'],
  ['api.z.ai', 'z_ai'],
  ['open.bigmodel.cn', 'z_ai'],
  ['api.minimax.io', 'minimax'],
  ['router.huggingface.co', 'huggingface'],
  ['api-inference.huggingface.co', 'huggingface'],
  ['api.voyageai.com', 'voyage_ai'],
  ['api.replicate.com', 'replicate'],
  ['snowflakecomputing.com', 'snowflake'],
];
const bedrock = /^bedrock(-runtime|-mantle)?[.-][a-z0-9-]+\.(amazonaws\.com|api\.aws)/;

/** @example providerOf('my-resource.openai.azure.com') // 'azure.ai.openai' */
export function providerOf(host: string): string | undefined {
  const entry = byHost.find(([known]) => host === known || host.endsWith(`.${known}`) || host.endsWith(`-${known}`));
  return entry?.[1] ?? (bedrock.test(host) ? 'aws.bedrock' : undefined);
}

/** @example regionOf('bedrock-runtime.eu-central-1.amazonaws.com') // 'eu-central-1' */
export function regionOf(host: string): string | undefined {
  const found =
    /^bedrock[a-z-]*\.([a-z0-9-]+)\.(?:amazonaws\.com|api\.aws)/.exec(host) ??
    /^([a-z0-9-]+)-aiplatform\.googleapis\.com$/.exec(host);
  return found?.[1];
}

export interface Server {
  readonly host: string;
  readonly port: number;
  readonly provider: string | undefined;
  /** Where the host serves, where its name says so and prices may differ by it. */
  readonly region: string | undefined;
}

/** The server of a URL; undefined where there is none. Memoised, because a process calls few of them. */
export function serverOf(url: string): Server | undefined {
  const known = servers.get(url);
  if (known !== undefined) return known;
  const parsed = URL.parse(url);
  if (parsed === null) return undefined;
  const host = parsed.hostname;
  const port = parsed.port === '' ? (parsed.protocol === 'http:' ? 80 : 443) : Number(parsed.port);
  const server = { host, port, provider: providerOf(host), region: regionOf(host) };
  if (servers.size >= 1000) servers.clear();
  servers.set(url, server);
  return server;
}
const servers = new Map<string, Server>();
