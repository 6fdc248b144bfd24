// fast-check, whose arrays and strings are as long as their arbitraries say they may be. As it comes, it makes ten elements at most,
// whatever `maxLength` says: too short for most headers.

import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), defaultSizeToMaxWhenMaxSpecified: true });

export default fc;

/** How often a property is tried with other inputs each time: `n` times in the full suite, a quarter of it otherwise. */
export const often = (n: number): number => (process.env.NETSCRIBE_TEST === 'full' ? n : Math.ceil(n / 4));
