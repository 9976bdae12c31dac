/** Set on every request that we forward, and refused on every request that comes in: pipelines that run in a circle. */
export const HOP_HEADER = 'x-spanledger-hop';
