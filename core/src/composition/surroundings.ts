import type { Config } from '../config/schema.js';
import type { Clock } from '../contracts/clock.js';
import type { Log } from '../contracts/logger.js';
import type { EventSink } from '../contracts/reporter.js';
import type { SubnetProfile } from '../competition/profile.js';
import type { PluginRegistry } from '../plugin/registry.js';
import type { Disposers } from '../runtime/disposers.js';

/** What the composition root brings along: everything that is not a plugin's. */
export interface Surroundings {
  config: Config;
  registry: PluginRegistry;
  profile: SubnetProfile;
  /** Absolute. */
  dataDir: string;
  resolvePath: (path: string) => string;
  environment: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  log: Log;
  reporter: EventSink;
  disposers: Disposers;
  /** Version of the library that evaluator and inspector follow, in place of `libraryOf`; read when they are made. */
  library?: string | undefined;
  /** `read` neither takes the data folder's lock nor lets the embedded chain's time pass. */
  mode: 'validate' | 'read';
}
