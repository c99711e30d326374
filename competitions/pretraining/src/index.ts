import { definePlugin } from '@assay/core';
import { pretraining } from './profile.js';

export default definePlugin({ apiVersion: 1, name: 'pretraining', provides: { profiles: { pretraining } } });
