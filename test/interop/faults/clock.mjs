/** For `node --import`: at SIGUSR2 the clock on the wall is a day behind. */
const RealDate = Date;
let behindMs = 0;
const now = () => RealDate.now() - behindMs;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self),
  apply: () => new RealDate(now()).toString(),
  get: (target, name, self) => (name === 'now' ? now : Reflect.get(target, name, self)),
});
process.on('SIGUSR2', () => (behindMs = 86_400_000));
