import { Type, type Static } from 'typebox';
import { EVENT_TYPES } from '../../events/event.js';
import { STRICT } from '../../document/schema/keywords.js';
import { count, text, time } from './values.js';

export const EventDocument = Type.Object(
  {
    id: count('Greater than that of every event before.'),
    time: time('When it happened.'),
    type: Type.Enum([...EVENT_TYPES], { type: 'string', description: 'What happened.' }),
    storage: Type.Optional(text('The storage.')),
    backup: Type.Optional(text('Id of the backup.')),
    routine: Type.Optional(text('The routine.')),
    job: Type.Optional(text('Id of the job.')),
    namespace: Type.Optional(text('The namespace.')),
    progress: Type.Optional(
      Type.Object(
        {
          percent: Type.Optional(Type.Number({ description: 'How much is done.', minimum: 0, maximum: 100 })),
          records: count('Records that are done.'),
          bytes: count('Bytes that are done.'),
          recordsPerSecond: Type.Optional(count('Records in a second.')),
        },
        { ...STRICT, title: 'EventProgress', description: 'How far the work is.' },
      ),
    ),
    message: Type.Optional(text('For people.')),
  },
  { ...STRICT, title: 'Event', description: 'Something that happened.' },
);

export const DeadLetter = Type.Object(
  {
    id: text('Id of the delivery, as the header webhook-id had it.'),
    webhook: text('Name of the webhook.'),
    attempts: count('How often it was tried.'),
    reason: text('Why the last attempt failed.'),
    'given-up': time('When it was given up.'),
    event: EventDocument,
  },
  { ...STRICT, title: 'DeadLetter', description: 'An event that a webhook did not take.' },
);
export type DeadLetter = Static<typeof DeadLetter>;

export const DeadLetterList = Type.Object(
  {
    'dead-letters': Type.Array(DeadLetter, { description: 'The newest first.' }),
    dropped: count('Older ones that were forgotten, as the list is bounded.'),
  },
  { ...STRICT, title: 'DeadLetterList', description: 'Events that webhooks did not take.' },
);
export type DeadLetterList = Static<typeof DeadLetterList>;
