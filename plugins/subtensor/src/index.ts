import { definePlugin } from '@assay/core/plugin/plugin';

export default definePlugin({ apiVersion: 1, name: 'subtensor', provides: {} });
