import type { DatasetProvider, DatasetSample, DocumentSource, SampleRequest } from '../contracts/dataset-provider.js';
import { batchesOf } from '../sampling/packing.js';
import { PythonRandom } from '../sampling/python-random.js';
import { datasetErrors } from './errors.js';
import { checkedDocuments, checkedSample } from './checked-sample.js';
import { withoutSecretsIn } from './sample-set.js';

/** What a package made, as a dataset; what it draws is looked at before a model is scored on it. @throws DATASET_MALFORMED */
export const asDataset = (made: DatasetProvider | DocumentSource): DatasetProvider => new CheckedDataset(providerOf(made));

/** The same, and what it draws is taken as it is: for checks. @throws DATASET_MALFORMED */
export function providerOf(made: DatasetProvider | DocumentSource): DatasetProvider {
  // A package in plain JavaScript may have made anything.
  const given: unknown = made;
  if (typeof given === 'object' && given !== null) {
    if ('documents' in made) return new DocumentDataset(made);
    if (typeof Reflect.get(made, 'sample') === 'function') return made;
  }
  throw datasetErrors.DATASET_MALFORMED({ reason: 'what create gives has neither sample nor documents' });
}

/** A wrong token would be held against the models that meet it. */
class CheckedDataset implements DatasetProvider {
  constructor(private readonly dataset: DatasetProvider) {}

  async sample(request: SampleRequest, signal: AbortSignal): Promise<DatasetSample> {
    return withoutSecretsIn(checkedSample(await this.dataset.sample(request, signal), request));
  }

  async requireAccess(signal: AbortSignal): Promise<void> {
    await this.dataset.requireAccess?.(signal);
  }
}

/** Texts that a source draws: each cut at the tokenizer's limit, ended, and packed as all others are. */
class DocumentDataset implements DatasetProvider {
  constructor(private readonly source: DocumentSource) {}

  async sample(request: SampleRequest, signal: AbortSignal): Promise<DatasetSample> {
    signal.throwIfAborted();
    const { seed, pages: wanted, tokenizer } = request;
    const drawn = await this.source.documents({ seed, random: new PythonRandom(seed), pages: wanted }, signal);
    const { documents, pages, source } = checkedDocuments(drawn);
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
