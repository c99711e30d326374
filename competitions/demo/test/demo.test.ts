import { expect, it } from 'vitest';
import { failedChecks } from '../../../test/package-checks.js';
import demo from '../dist/index.js';

it('is what every package of competitions has to be', async () => {
  expect(await failedChecks(demo)).toEqual([]);
});
