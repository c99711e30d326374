import type { ApiPromise } from '@polkadot/api';

/** A call that a block holds, and what became of it there. */
export interface IncludedCall {
  block: number;
  blockHash: string;
  /** Hash of the whole extrinsic. */
  hash: string;
  /** Of the call, in camel case. */
  method: string;
  succeeded: boolean;
}

/** Signed calls of one account in all blocks up to the head, by a client that shares nothing with the plugin. */
export async function callsOf(api: ApiPromise, address: string): Promise<IncludedCall[]> {
  const head = (await api.rpc.chain.getHeader()).number.toNumber();
  const found: IncludedCall[] = [];
  for (let block = 1; block <= head; block += 1) {
    const blockHash = await api.rpc.chain.getBlockHash(block);
    const { block: content } = await api.rpc.chain.getBlock(blockHash);
    const own = content.extrinsics.flatMap((extrinsic, index) =>
      extrinsic.isSigned && extrinsic.signer.toString() === address ? [{ extrinsic, index }] : [],
    );
    if (own.length === 0) continue;
    const events = await (await api.at(blockHash)).query.system.events();
    for (const { extrinsic, index } of own) {
      const succeeded = events.some(
        ({ event, phase }) =>
          phase.isApplyExtrinsic &&
          phase.asApplyExtrinsic.toNumber() === index &&
          api.events.system.ExtrinsicSuccess.is(event),
      );
      const { method } = extrinsic.method;
      found.push({ block, blockHash: blockHash.toHex(), hash: extrinsic.hash.toHex(), method, succeeded });
    }
  }
  return found;
}
