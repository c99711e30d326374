import { isAssayError } from '@assay/core/errors/assay-error';
import { decryptWithSignature, encryptToRound, OVERHEAD_BYTES, timeOf } from '@assay/lib-timelock';
import { firstReveal, revealRound, type EpochState } from '@assay/plugin-subtensor/dist/submit/reveal-schedule.js';
import { equal, fields, list, number, text, unitOf, units, type Fields, type Kind } from '../unit.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (value: unknown): Buffer => Buffer.from(text(value), 'hex');

export const revealRounds: Kind = (content) => {
  const [time, blockTime] = [number(content['now_secs']), number(content['block_time'])];
  const check = (state: EpochState, given: Fields): 'reference' => {
    const reveal = firstReveal(state, state.block + 1, number(given['reveal_period']));
    equal('block', reveal, given['first_reveal_block']);
    equal('round', revealRound(reveal, { block: state.block, time }, blockTime), given['reveal_round']);
    return 'reference';
  };
  return [
    ...units(content, 'v2', (given) => check(countedState(fields(given['state'])), given)),
    ...units(content, 'legacy_v1', (given) => check(legacyState(given), given)),
    ...units({ zero: [content] }, 'zero', (given) => {
      const [{ state } = { state: undefined }] = list(given['v2']).map(fields);
      equal('error', given['tempo_zero'], 'TempoIsZero');
      equal('code', codeOf({ ...countedState(fields(state)), tempo: 0 }), 'EPOCHS_STOPPED');
      return 'reference';
    }),
  ];
};

/** The subnet's number plays no part where epochs are counted. */
const countedState = (given: Fields): EpochState => ({
  netuid: 0,
  block: number(given['current_block']),
  tempo: number(given['tempo']),
  counter: {
    lastEpochBlock: number(given['last_epoch_block']),
    pendingEpochAt: number(given['pending_epoch_at']),
    epochIndex: number(given['subnet_epoch_index']),
    blocksSinceLastStep: number(given['blocks_since_last_step']),
  },
});

const legacyState = (given: Fields): EpochState => ({
  netuid: number(given['netuid']),
  block: number(given['current_block']),
  tempo: number(given['tempo']),
  counter: undefined,
});

function codeOf(state: EpochState): string {
  try {
    return String(firstReveal(state, state.block + 1, 1));
  } catch (error) {
    if (isAssayError(error)) return error.code;
    throw error;
  }
}

export const timelocks: Kind = async (content) => {
  const round = number(content['round']);
  const signature = bytesOf(content['signature_g1']);
  const network = fields(content['quicknet']);
  const cases = list(content['cases']).map(fields);
  return [
    ...units({ network: [network] }, 'network', (given) => {
      equal('genesis', timeOf(1), given['genesis']);
      equal('period', timeOf(2) - timeOf(1), given['period']);
      return 'reference';
    }),
    ...(await Promise.all(
      cases.map(async (given, index) =>
        unitOf(`cases[${index}]`, async () => checkTimelock(given, { round, signature })),
      ),
    )),
  ];
};

async function checkTimelock(given: Fields, by: { round: number; signature: Uint8Array }): Promise<'reference'> {
  const drawn = fields(given['deterministic']);
  const random = { key: bytesOf(drawn['esk']), sigma: bytesOf(drawn['sigma']), nonce: bytesOf(drawn['nonce']) };
  const plaintext = bytesOf(given['plaintext_hex']);
  const made = await encryptToRound(plaintext, by.round, random);
  equal('ciphertext', hex(made), drawn['ciphertext_hex']);
  equal('overhead', OVERHEAD_BYTES, drawn['overhead']);
  for (const ciphertext of [drawn['ciphertext_hex'], given['rust_wasm_ciphertext_hex']])
    equal('plaintext', hex(await decryptWithSignature(bytesOf(ciphertext), by.signature)), hex(plaintext));
  return 'reference';
}
