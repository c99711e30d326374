import { definePlugin } from '@assay/core';

export default definePlugin({ apiVersion: 1, name: 'duel', provides: {} });
