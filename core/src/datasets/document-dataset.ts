import type { DatasetProvider, DatasetSample, DocumentSource, SampleRequest } from '../contracts/dataset-provider.js';
import { batchesOf } from '../sampling/packing.js';
import { PythonRandom } from '../sampling/python-random.js';
import { breathe } from './breathe.js';
import { checkedDocuments, checkedSample } from './checked-sample.js';
import { datasetErrors } from './errors.js';
import { kindOf } from './kind-of.js';
import { withoutSecretsIn } from './sample-set.js';

/** What a package made, as a dataset; what it draws is looked at before a model is scored on it. @throws DATASET_MALFORMED */
export const asDataset = (made: DatasetProvider | DocumentSource): DatasetProvider =>
  new CheckedDataset(providerOf(made));

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
    return withoutSecretsIn(await checkedSample(await this.dataset.sample(request, signal), request, signal));
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
    const stream: number[][] = [];
    for (const [number, text] of documents.entries()) {
      stream.push([...tokenizer.encode(textOf(text, number)).slice(0, tokenizer.modelMaxLength), tokenizer.eosTokenId]);
      await breathe(signal);
    }
    return { batches: batchesOf(stream.flat(), request), pages, source };
  }

  async requireAccess(signal: AbortSignal): Promise<void> {
    await this.source.requireAccess?.(signal);
  }
}

function textOf(document: unknown, number: number): string {
  if (typeof document === 'string') return document;
  throw datasetErrors.DATASET_MALFORMED({
    reason: `document ${number} of what documents gives is ${kindOf(document)}, and no text`,
  });
}
