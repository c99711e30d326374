import type { ChainClient } from '@assay/core/contracts/chain-client';
import { put } from '@assay/core/runtime/derived-rows';
import { WeightSetting } from '@assay/core/runtime/weight-setting';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { reopened, settingOf, unreachable } from './scripted-weights.js';
import { averageOf, newSubnet, type Subnet } from './subnet.js';

/** What may happen to a validator, or beside it. Only `other` is another validator with our hotkey. */
const STEPS = [
  'set',
  'set and lose the answer',
  'set and be killed before it is recorded',
  'be killed before it is sent',
  'look',
  'restart',
  'run dry beside it',
  'jump with the clock',
  'register again',
  'commit from now on',
  'let blocks pass',
  'other',
] as const;
type Step = (typeof STEPS)[number];

type Way = 'there and back' | 'answer lost' | 'not sent';

interface World {
  subnet: Subnet;
  setting: WeightSetting;
  way: Way;
  /** Whether another validator has set weights that this one can find. */
  isUsed: boolean;
}

async function newWorld(): Promise<World> {
  const world: Pick<World, 'way'> = { way: 'there and back' };
  const over = (real: ChainClient): ChainClient =>
    new Proxy(real, {
      get: (target, name) => {
        if (name === 'setWeights') return setting;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
  let setting: ChainClient['setWeights'] = () => Promise.reject(unreachable);
  const subnet = await newSubnet({
    chain: (real) => {
      setting = async (submission, signal, keep) => {
        if (world.way === 'there and back') return real.setWeights(submission, signal, keep);
        const cut = world.way === 'not sent';
        await real.setWeights(submission, signal, async (ticket) => {
          await keep(ticket);
          if (cut) throw unreachable;
        });
        throw unreachable;
      };
      return over(real);
    },
  });
  const hotkeys = subnet.deps.view.current.neurons.map(({ hotkey }) => hotkey);
  await subnet.deps.state.write(put.standing(1, averageOf([0, 0, 0, 0.75, 0.25, 0, 0], hotkeys)));
  return Object.assign(world, { subnet, setting: settingOf(subnet), isUsed: false });
}

async function send(world: World, way: Way): Promise<void> {
  world.way = way;
  world.subnet.clock.ms += 1000;
  await world.setting.trySet(world.subnet.signal);
}

async function restart(world: World): Promise<void> {
  await reopened(world.subnet);
  world.setting = settingOf(world.subnet);
  await look(world);
}

async function look({ subnet, setting }: World): Promise<void> {
  await setting.look(await subnet.deps.view.refresh(subnet.signal), subnet.signal);
}

/** The own hotkey, whichever uid it has. */
const own = ({ subnet }: World): number =>
  subnet.network.snapshot().neurons.find(({ hotkey }) => hotkey === subnet.hotkey)?.uid ?? 0;

const HAPPENS: Readonly<Record<Step, (world: World) => Promise<void> | void>> = {
  set: (world) => send(world, 'there and back'),
  'set and lose the answer': (world) => send(world, 'answer lost'),
  'set and be killed before it is recorded': async (world) => {
    await send(world, 'answer lost');
    await restart(world);
  },
  'be killed before it is sent': async (world) => {
    await send(world, 'not sent');
    await restart(world);
  },
  look: async (world) => {
    await world.setting.follow(world.subnet.signal);
    await look(world);
  },
  restart,
  'run dry beside it': async ({ subnet }) => {
    const dry = settingOf(subnet, { dryRun: true });
    await dry.look(await subnet.deps.view.refresh(subnet.signal), subnet.signal);
  },
  'jump with the clock': ({ subnet }) => {
    subnet.clock.wallLead += subnet.clock.wallLead > 0 ? -7_200_000 : 86_400_000;
  },
  'register again': async (world) => {
    // What was not seen before the new registration can't be seen after it.
    await look(world);
    if (world.subnet.deps.state.weightsIntent()) return;
    world.subnet.network.deregister(own(world));
    await world.subnet.network.registerNeuron({
      name: 'validator',
      stake: String(100_000n * 1_000_000_000n),
      validatorPermit: true,
    });
    // What the first look at a registration finds is taken for ours.
    await look(world);
  },
  'commit from now on': ({ subnet }) => {
    subnet.network.setHyperparameters({ commitRevealEnabled: true });
  },
  'let blocks pass': ({ subnet }) => void subnet.network.advance(7),
  other: (world) => {
    const { subnet } = world;
    subnet.network.putWeights(own(world), [[5, 65_535]]);
    world.isUsed = true;
  },
};

it('another validator is found if there is one, and only then', { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...STEPS), { maxLength: 14 }), async (steps) => {
      const world = await newWorld();
      await look(world);
      for (const step of steps) await HAPPENS[step](world);
      // Long enough for every ticket to be settled, and shorter than the tempo after which the other is taken to be gone.
      world.subnet.network.advance(40);
      await HAPPENS.look(world);
      expect(world.subnet.told('doppelganger').length > 0, steps.join(', ')).toBe(world.isUsed);
      await world.subnet.deps.state.journal.close();
    }),
    { numRuns: 30 },
  );
});
