/** What the instrumentation loads of the guard: a bundle of its own, as it is not needed before the first call. */
export { startGuard } from './guard/start.ts';
