import { isDeepStrictEqual } from 'node:util';
import type { ChainClient } from '../../contracts/chain-client.js';
import { demand, skip } from '../checks.js';
import { refused, shown, type ChainCheck, type ChainSubject } from './world.js';

/** Blocks for which the kit's timelocked commitments stay encrypted. */
const SEALED_FOR = 10;
/** Blocks by which one may open later than was said. */
const LATENESS = 20;

/** What a snapshot shows of the miner's commitments. */
interface Own {
  /** Text of the newest revealed one. */
  open: string | undefined;
  /** Whether its slot holds a timelocked one. */
  sealed: boolean;
  /** Text in its slot. */
  plain: string | undefined;
}

/** A miner's client whose chain takes timelocked commitments. */
async function timelocking(
  subject: ChainSubject,
  work: (client: ChainClient, own: () => Promise<Own>) => Promise<void>,
): Promise<void> {
  await subject.with({ as: 'miner' }, async (client) => {
    if (client.maxTimelockedBytes === 0) skip('the chain takes no timelocked commitments');
    const { hotkey } = await client.identity();
    const { parameters } = await client.snapshot(subject.signal);
    // The chain bounds the bytes that a hotkey commits in one tempo.
    if (subject.has('makeBlocks')) await subject.needs('makeBlocks')(parameters.tempo + 1);
    const own = async (): Promise<Own> => {
      const { revealed, unreadable, commitments } = await client.snapshot(subject.signal);
      return {
        open: revealed.findLast((row) => row.hotkey === hotkey)?.data,
        sealed: unreadable.some((row) => row.hotkey === hotkey && row.kind === 'timelocked'),
        plain: commitments.find((row) => row.hotkey === hotkey)?.data,
      };
    };
    await work(client, own);
  });
}

const opensOwn: ChainCheck = async (subject) =>
  timelocking(subject, async (client, own) => {
    const { signal } = subject;
    const passTimelock = subject.needs('passTimelock');
    const { number } = await client.head(signal);
    // Of as many bytes as the client takes, and unlike any that an earlier check has left.
    const text = `é${number} `.padEnd(client.maxTimelockedBytes - 1, 'x');
    const { at, opens } = await client.commit(text, signal, { revealAfter: SEALED_FOR });
    demand(opens !== undefined, 'the receipt of a timelocked commitment does not say when it opens');
    demand(opens >= at.number + SEALED_FOR, `a commitment of block ${at.number} opens at ${opens}, ahead of its time`);
    demand(opens <= at.number + SEALED_FOR + LATENESS, `a commitment of block ${at.number} opens at ${opens}`);
    const sealed = await own();
    demand(sealed.sealed, 'a timelocked commitment is not listed as such');
    demand(sealed.open !== text && sealed.plain === undefined, 'a timelocked commitment is read before it is opened');
    await passTimelock(SEALED_FOR + LATENESS);
    const open = await own();
    demand(open.open === text, `opened, it reads ${shown(open.open)}`);
    demand(!open.sealed, 'an opened commitment is still listed as timelocked');
  });

const replacesOwn: ChainCheck = async (subject) =>
  timelocking(subject, async (client, own) => {
    const { signal } = subject;
    await client.commit('never to be read', signal, { revealAfter: SEALED_FOR });
    await client.commit('plain', signal);
    const now = await own();
    demand(now.plain === 'plain' && !now.sealed, 'a plain commitment does not replace a timelocked one');
    if (!subject.has('passTimelock')) return;
    await subject.needs('passTimelock')(SEALED_FOR + LATENESS);
    demand((await own()).open !== 'never to be read', 'a timelocked commitment that was replaced has been opened');
  });

const timelocksAsLong: ChainCheck = async (subject) =>
  timelocking(subject, async (client, own) => {
    const { signal } = subject;
    const { maxTimelockedBytes: most } = client;
    demand(Number.isInteger(most) && most > 0, `maxTimelockedBytes is ${most}`);
    const before = await own();
    const code = await refused(`a timelocked commitment of ${most + 1} bytes`, () =>
      client.commit('x'.repeat(most + 1), signal, { revealAfter: SEALED_FOR }),
    );
    demand(code === 'COMMITMENT_TOO_LONG', `a timelocked commitment of ${most + 1} bytes was refused with ${code}`);
    demand(isDeepStrictEqual(await own(), before), 'a refused commitment has changed something');
    await client.commit('x'.repeat(most), signal, { revealAfter: SEALED_FOR });
    demand((await own()).sealed, `a timelocked commitment of ${most} bytes is not listed`);
  });

export const TIMELOCK_CHECKS: Readonly<Record<string, ChainCheck>> = {
  'takes timelocked commitments as long as it says, and refuses one byte more': timelocksAsLong,
  'opens a commitment that it has timelocked': opensOwn,
  'replaces a timelocked commitment of its own by a plain one': replacesOwn,
};
