import { Type, type Static } from 'typebox';
import { STRICT } from './keywords.js';

export const VersionInfo = Type.Object(
  {
    version: Type.String({ description: 'Version of the service.' }),
    commit: Type.String({ description: 'Commit that it was built from.' }),
    'build-time': Type.String({ description: 'When it was built.' }),
  },
  { ...STRICT, title: 'VersionInfo', description: 'Which service this is.' },
);
export type VersionInfo = Static<typeof VersionInfo>;
