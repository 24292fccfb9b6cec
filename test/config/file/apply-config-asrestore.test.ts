import { describeConfigKeys } from '../../support/config-keys.js';
import { ANY_TOOL } from '../../support/config-files.js';

describeConfigKeys(ANY_TOOL.asrestore);
