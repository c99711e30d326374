import { readTensors, writeTensors } from './safetensors-edit.js';

/** Files of a repo by path. */
export type RepoFiles = Map<string, Buffer>;
export type RepoChange = (files: RepoFiles) => void;

const WEIGHTS = 'model.safetensors';
const CONFIG = 'config.json';
/** bfloat16, little-endian. */
const BF16_NAN = 0x7fc0;
const EXTRA_LAYERS = 3;

const fileOf = (files: RepoFiles, path: string): Buffer => files.get(path) ?? Buffer.alloc(0);

function changeConfig(files: RepoFiles, change: Readonly<Record<string, unknown>>): void {
  const config = JSON.parse(fileOf(files, CONFIG).toString('utf8')) as Record<string, unknown>;
  files.set(CONFIG, Buffer.from(`${JSON.stringify({ ...config, ...change }, null, 2)}\n`, 'utf8'));
}

/** A pickle could run code when it is opened. This one is only a name. */
export const withPickleOnly: RepoChange = (files) => {
  files.delete(WEIGHTS);
  files.set('pytorch_model.bin', Buffer.from('\u0080\u0002}q\u0000.', 'latin1'));
};

export const withNaN: RepoChange = (files) => {
  const tensors = readTensors(Buffer.from(fileOf(files, WEIGHTS)));
  tensors.get('model.norm.weight')?.data.writeUInt16LE(BF16_NAN, 0);
  files.set(WEIGHTS, writeTensors(tensors));
};

/** The last layer a few times over. */
export const overParameterLimit: RepoChange = (files) => {
  const tensors = readTensors(fileOf(files, WEIGHTS));
  for (const [name, tensor] of [...tensors]) {
    for (let extra = 0; extra < EXTRA_LAYERS; extra += 1) {
      if (name.startsWith('model.layers.1.')) tensors.set(name.replace('.1.', `.${2 + extra}.`), tensor);
    }
  }
  files.set(WEIGHTS, writeTensors(tensors));
  changeConfig(files, { num_hidden_layers: 2 + EXTRA_LAYERS });
};

/** Two tensors that claim the same bytes. */
export const withLyingHeader: RepoChange = (files) => {
  const lie = (header: Record<string, { data_offsets: [number, number] }>): void => {
    const queries = header['model.layers.0.self_attn.q_proj.weight'];
    const outputs = header['model.layers.0.self_attn.o_proj.weight'];
    if (queries && outputs) queries.data_offsets = outputs.data_offsets;
  };
  files.set(WEIGHTS, writeTensors(readTensors(fileOf(files, WEIGHTS)), lie));
};

export const withChangedTheta: RepoChange = (files) => {
  changeConfig(files, { rope_theta: 500_000 });
};
