import { z } from 'zod';

const failure = z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() });
export type RpcFailure = z.infer<typeof failure>;

/** What a node may say over the socket (JSON-RPC 2.0). */
export type RpcMessage =
  | { kind: 'answer'; id: number; result: unknown }
  | { kind: 'refusal'; id: number; error: RpcFailure }
  | { kind: 'notification'; subscription: string; value: unknown };

const answer = z.object({ jsonrpc: z.literal('2.0'), id: z.number().int(), result: z.unknown() });
const refusal = z.object({ jsonrpc: z.literal('2.0'), id: z.number().int(), error: failure });
const notification = z.object({
  jsonrpc: z.literal('2.0'),
  method: z.string(),
  params: z.object({ subscription: z.union([z.string(), z.number()]), result: z.unknown() }),
});

/** Reads one frame; a string says why it is no message. */
export function readMessage(text: string): RpcMessage | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return 'a frame is no JSON';
  }
  if (typeof parsed !== 'object' || parsed === null) return 'a frame is no object';
  if ('method' in parsed) {
    const { data } = notification.safeParse(parsed);
    if (!data) return 'a notification lacks its subscription';
    const { subscription, result } = data.params;
    return { kind: 'notification', subscription: String(subscription), value: result };
  }
  // Some servers put `error: null` beside a result.
  if ('error' in parsed && parsed.error !== null) {
    const { data } = refusal.safeParse(parsed);
    return data ? { kind: 'refusal', id: data.id, error: data.error } : 'an error lacks id, code or message';
  }
  // `result` may be null, but it has to be there.
  const { data } = 'result' in parsed ? answer.safeParse(parsed) : {};
  return data ? { kind: 'answer', id: data.id, result: data.result } : 'an answer lacks id or result';
}
