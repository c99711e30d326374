import { readClaimText } from '@assay/competition-duel/dist/commitment/claim-text.js';
import { duelScheme } from '@assay/competition-duel/dist/commitment/duel.js';
import { DEFAULT_SOURCE } from '@assay/core/contracts/model';
import { isAssayError } from '@assay/core/errors/assay-error';
import { revealedText } from '@assay/plugin-subtensor/dist/read/commitments.js';
import { equal, fields, text, units, type Kind } from '../unit.js';

const FORM = { prefix: 'v4', author: true };

/** Where Python raises, a claim is refused with a code, by the fault of the miner. */
export const reveals: Kind = (content) =>
  units(content, 'cases', (given) => {
    const found = revealedText(Buffer.from(text(given['payload_hex']), 'hex'));
    equal('text', found, given['text']);
    equal('refused', refusalOf(found ?? ''), given['error'] === null ? null : 'miner');
    if (given['parsed'] === null) return 'reference';
    const wanted = fields(given['parsed']);
    const { source = DEFAULT_SOURCE, namespace, name, revision } = scheme.parse(found ?? '').reference;
    equal('repo', `${namespace}/${name}`, wanted['repo']);
    equal('digest', source === DEFAULT_SOURCE ? `hf:${revision}` : revision, wanted['digest']);
    equal('author', readClaimText(found ?? '', FORM).author, wanted['hotkey']);
    return 'reference';
  });

const scheme = duelScheme.bind(duelScheme.parameters.parse({}));

function refusalOf(claim: string): string | null {
  try {
    scheme.parse(claim);
    return null;
  } catch (error) {
    if (isAssayError(error)) return error.fault;
    throw error;
  }
}
