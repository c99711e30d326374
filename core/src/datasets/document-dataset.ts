import type { DatasetProvider, DatasetSample, DocumentSource, SampleRequest } from '../contracts/dataset-provider.js';
import { batchesOf } from '../sampling/packing.js';
import { PythonRandom } from '../sampling/python-random.js';
import { datasetErrors } from './errors.js';

/** What a package made, as a dataset. */
export const asDataset = (made: DatasetProvider | DocumentSource): DatasetProvider => ('documents' in made ? new DocumentDataset(made) : made);

/** Texts that a source draws: each cut at the tokenizer's limit, ended, and packed as all others are. */
class DocumentDataset implements DatasetProvider {
  constructor(private readonly source: DocumentSource) {}

  async sample(request: SampleRequest, signal: AbortSignal): Promise<DatasetSample> {
    signal.throwIfAborted();
    const { seed, pages: wanted, tokenizer } = request;
    const { documents, pages, source } = await this.source.documents({ seed, random: new PythonRandom(seed), pages: wanted }, signal);
    const stream = documents.flatMap((text: unknown, row) => {
      if (typeof text !== 'string') throw datasetErrors.ROW_UNUSABLE({ dataset: source, row, reason: `it is a ${typeof text}` });
      return [...tokenizer.encode(text).slice(0, tokenizer.modelMaxLength), tokenizer.eosTokenId];
    });
    return { batches: batchesOf(stream, request), pages, source };
  }

  async requireAccess(signal: AbortSignal): Promise<void> {
    await this.source.requireAccess?.(signal);
  }
}
