/** For a plugin that loads modules of other packages, in a process of its own: they find the host's packages there too. */
export { HOST_PACKAGES, provideModules, type ProvidedPackage } from '../plugin/provided-modules.js';
