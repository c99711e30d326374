import { settings } from '../../../plugins/subtensor/dist/settings.js';

const anything = { safeParse: (value) => ({ success: true, data: value }) };
const hash = (number) => `0x${number.toString(16).padStart(64, '0')}`;
const HEAD = 10_000;
const TAO = 1_000_000_000n;

const neuron = (uid, change = {}) => ({
  uid,
  hotkey: `5Hotkey${uid}`,
  coldkey: `5Coldkey${uid}`,
  stake: 0n,
  validatorPermit: false,
  lastUpdate: 0,
  registeredAt: 100,
  incentive: 0,
  dividends: 0,
  validatorTrust: 0,
  ...change,
});

const own = {
  stake: 1_234_567_890_123n,
  validatorPermit: true,
  lastUpdate: 9_900,
  dividends: 0.25,
  validatorTrust: 0.875,
};

const parameters = {
  tempo: 360,
  weightsRateLimit: 100,
  weightsVersionKey: 3n,
  minAllowedWeights: 1,
  maxUids: 256,
  stakeThreshold: 1_000n * TAO,
  commitRevealEnabled: true,
  revealPeriodEpochs: 1,
  immunityPeriod: 5_000,
  activityCutoff: 5_000,
  consensus: 'yuma',
};

const snapshotAt = (at, { neuron: change = {}, parameters: others = {}, ownerHotkey = null }) => ({
  netuid: 9,
  at,
  mechanism: 0,
  neurons: [
    neuron(0, { ...own, ...change, ...(change.stake === undefined ? {} : { stake: BigInt(change.stake) }) }),
    neuron(1, { stake: 5_000n * TAO, validatorPermit: true, lastUpdate: 9_950 }),
    neuron(2, { stake: 2_000n * TAO, validatorPermit: true, lastUpdate: 4_000 }),
    neuron(3, { stake: 1_500n * TAO, validatorPermit: true, lastUpdate: 9_990 }),
    neuron(4, { incentive: 0.75, registeredAt: 9_000 }),
    neuron(5, { incentive: 0.25 }),
  ],
  commitments: [
    { hotkey: '5Hotkey5', data: 'plain\u001b[31m text\u009b2J\u202etxet', block: 700 },
    { hotkey: '5Hotkey4', data: 'of an earlier neuron', block: 800 },
  ],
  revealed: [{ hotkey: '5Hotkey5', data: 'opened', block: 900 }],
  unreadable: [{ hotkey: '5Hotkey4', block: 9_500, kind: 'timelocked', detail: 'opens at round 77\u001b[2J' }],
  weights: new Map([
    [
      0,
      [
        [4, 60_000],
        [5, 20_000],
      ],
    ],
    [1, [[4, 65_535]]],
    [2, [[5, 65_535]]],
    [3, []],
  ]),
  parameters: { ...parameters, ...others },
  ownerHotkey,
  nextEpoch: 10_100,
});

const CONNECTION = {
  endpoints: [
    { endpoint: 'ws://one.example', inUse: true, head: HEAD, trouble: null },
    { endpoint: 'ws://two.example', inUse: false, head: 9_000, trouble: 'it is 1000 blocks behind\u001b[5m' },
  ],
  runtime: 'node-fake 425',
  genesis: hash(0),
  blockTimeMs: 12_000,
  sinceHeadMs: 7_000,
};

/** `identity`: `none`, `broken`, `asked` (a person who does not answer), or a hotkey. `neuron`, `parameters` and `connection` change what is on the fake chain. */
const create = async (options, { readOnly }) => {
  const { identity = '5Hotkey0', connection = {} } = options;
  let waiting;
  const failure = (code, fault) =>
    Object.assign(new Error(`${code} of the fake chain`), {
      [Symbol.for('assay.error')]: true,
      code,
      fault,
      retry: 'never',
      hint: 'Look at the test.',
      payload: {},
    });
  return {
    description: `fake ${JSON.stringify({ ...options, readOnly })}`,
    netuid: 9,
    maxCommitmentBytes: 128,
    identity: async () => {
      if (identity === 'none') throw failure('WALLET_MISSING', 'config');
      if (identity === 'broken') throw failure('SIGNER_GONE', 'network');
      if (identity === 'asked') await new Promise((resolve) => (waiting = setTimeout(resolve, 60_000)));
      return { hotkey: identity };
    },
    head: async () => ({ number: HEAD, hash: hash(HEAD) }),
    blockHash: async (block) => hash(block),
    snapshot: async (_signal, at = { number: HEAD, hash: hash(HEAD) }) => snapshotAt(at, options),
    setWeights: async () => ({}),
    commit: async () => ({}),
    ...(connection !== null && { connection: async () => ({ ...CONNECTION, ...connection }) }),
    close: async () => clearTimeout(waiting),
  };
};

export default {
  apiVersion: 1,
  name: 'fake',
  provides: { chain: { options: anything, settings, create, verifySignature: async () => false } },
};
