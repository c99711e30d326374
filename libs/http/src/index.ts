export { isPublicAddress } from './addresses.js';
export { HttpClient, type Answer, type HttpDeps, type HttpOptions, type Opened, type Request } from './client.js';
export { headerOf, strongTag, type AnswerHeaders } from './headers.js';
export { partOf, type Part } from './part.js';
export { limitOptions, MIN_BYTES } from './limits.js';
