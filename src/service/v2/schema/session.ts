import { Type, type Static } from 'typebox';
import { SCOPES } from '../../access/scope.js';
import { STRICT } from '../../document/schema/keywords.js';
import { text } from './values.js';

export const Session = Type.Object(
  {
    name: text('Who the caller is: the name of a token, a certificate or a user of the proxy, or anonymous.'),
    kind: Type.Enum(['anonymous', 'token', 'certificate', 'proxy'], {
      type: 'string',
      description: 'How the caller is known.',
    }),
    scopes: Type.Array(Type.Enum([...SCOPES], { type: 'string' }), { description: 'What the caller may do.' }),
    restricted: Type.Boolean({
      description: 'Whether the configuration has a section access. Without it only this machine is answered.',
    }),
    version: text('Version of the service.'),
  },
  { ...STRICT, title: 'Session', description: 'What the caller may do.' },
);
export type Session = Static<typeof Session>;
