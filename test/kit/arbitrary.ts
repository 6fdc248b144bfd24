// fast-check, whose arrays and strings are as long as their arbitraries say they may be. As it comes, it makes ten elements at most,
// whatever `maxLength` says: too short for most headers.

import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), defaultSizeToMaxWhenMaxSpecified: true });

export default fc;
