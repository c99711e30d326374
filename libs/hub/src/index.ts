export { parseBounded } from './bounded-json.js';
export { hubEndpoint } from './endpoint.js';
export { get, LONGEST_REASON, retryAfterMs, type Answer, type Fetch, type Request } from './http.js';
export { findToken, hubToken, isToken, requireToken } from './token.js';
