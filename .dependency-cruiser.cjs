/** Arrows point one way: competitions, plugins and cli -> libs -> core; cli -> all. */
const VENDORS =
  '^(node_modules/)?(@polkadot|@huggingface|onnxruntime|libsql|@aws-sdk|gpt-tokenizer|hyparquet|undici|iconv-lite|pbf|@oclif|pino|cli-table3|yaml)';

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'core-knows-no-vendor', severity: 'error', from: { path: '^core/src' }, to: { path: VENDORS } },
    {
      name: 'core-imports-no-plugin',
      severity: 'error',
      from: { path: '^core/src' },
      to: { path: '^(libs|plugins|competitions|cli)/' },
    },
    {
      name: 'libs-import-core-only',
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^(libs|plugins|competitions|cli)/', pathNot: '^libs/$1/' },
    },
    {
      name: 'cli-imports-no-plugin',
      comment:
        'One file lists the packages that come along; the generator of the error reference reads their catalogues.',
      severity: 'error',
      from: { path: '^cli/src', pathNot: '^cli/src/(built-in-plugins\\.ts$|generate/)' },
      to: { path: '^(plugins|competitions)/' },
    },
    {
      name: 'plugins-import-no-sibling',
      severity: 'error',
      from: { path: '^plugins/([^/]+)/' },
      to: { path: '^(plugins|competitions|cli)/', pathNot: '^plugins/$1/' },
    },
    {
      name: 'competitions-import-no-sibling',
      severity: 'error',
      from: { path: '^competitions/([^/]+)/' },
      to: { path: '^(plugins|competitions|cli)/', pathNot: '^competitions/$1/' },
    },
    {
      name: 'judging-and-sampling-are-pure',
      comment: 'No I/O in calculations; node:crypto is a calculation.',
      severity: 'error',
      from: { path: '^core/src/(judging|sampling)' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    // A package is seen by others as what it has built: that is where an arrow ends.
    doNotFollow: { path: '(^|/)(node_modules|dist)/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
