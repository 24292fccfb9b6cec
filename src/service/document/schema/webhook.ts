import { Type, type Static } from 'typebox';
import { flag, secret, secretUrl, STRICT } from './keywords.js';
import { agentProperties } from './secret-agent.js';

export const Webhook = Type.Object(
  {
    url: secretUrl('http or https URL that events are sent to by POST.'),
    events: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description:
          'Types of events: backup.failed, or backup.* for all of backups but their progress, or *. Without it, what ' +
          'has failed or was missed.',
        uniqueItems: true,
        minItems: 1,
      }),
    ),
    routines: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), { description: 'Only events of these routines.', uniqueItems: true }),
    ),
    secret: secret('Key of the signatures.'),
    disabled: Type.Optional(flag('Nothing is sent.')),
    ...agentProperties,
  },
  { ...STRICT, title: 'Webhook', description: 'A program that is told of events.' },
);
export type Webhook = Static<typeof Webhook>;
