/** Errors with a code and a fault, and text that is safe to show. */
export * from '../errors/assay-error.js';
export { defineErrors, type ErrorDefinition } from '../errors/define-errors.js';
export { abortError, causeOf, issueLines, messageOf, toAssayError } from '../errors/describe.js';
export { printable } from '../errors/printable.js';
export { keepSecret, withoutSecrets } from '../errors/secrets.js';
