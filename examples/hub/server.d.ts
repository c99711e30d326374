import type { IncomingMessage, Server, ServerResponse } from 'node:http';

export interface HubOptions {
  /** Folder of the repos; see `repos.js`. */
  root: string;
  /** Who may write, and see private repos. */
  accounts?: readonly { token: string; user: string; role?: 'read' | 'write' }[];
  /** Milliseconds before each answer. */
  latency?: number;
  /** Of each connection. */
  bytesPerSecond?: number;
  /** Files of one page of a listing. */
  pageSize?: number;
  /** Larger files are uploaded in parts of this size. */
  multipartBytes?: number;
}

/** The hub as a request handler, for a server of one's own. */
export function hubHandler(options: HubOptions): (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Not listening yet. */
export function createHub(options: HubOptions): Server;
