/**
 * What an application imports: `import { withTags } from 'spanledger'`. Recording itself is switched on by the preload,
 * `node --require spanledger/instrumentation app.js`; without it these functions do no harm.
 */
export { GenAIInstrumentation, type GenAIInstrumentationConfig } from './gen-ai-instrumentation.ts';
export { guard, type GuardedCall, type GuardedRun, type GuardStatus, type Reserved } from './guard/api.ts';
export type { Decision } from './guard/decision.ts';
export { BudgetExceededError, type BudgetProblem } from './guard/error.ts';
export { answerRefusals, guardRequests } from './guard/express.ts';
export { tagRequests, type RoutedRequest } from './frameworks/express.ts';
export { tagFastifyRequests, type FastifyLikeRequest } from './frameworks/fastify.ts';
export { tagHonoRequests, type HonoLikeContext } from './frameworks/hono.ts';
export { tagKoaRequests, type KoaLikeContext } from './frameworks/koa.ts';
export { keepCalls, type AnySampler } from './sampler.ts';
export { withTags, type Tags, type TagValue } from './tags.ts';
export { reportOutcome, withTask, type Task } from './tasks.ts';
export { trackUsage, type TrackedUsage } from './track.ts';
