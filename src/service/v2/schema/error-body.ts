import { Type, type Static } from 'typebox';
import { STRICT } from '../../document/schema/keywords.js';
import { V2_ERROR_CODES } from '../errors.js';

/** What is answered in place of a document. */
export const V2ErrorBody = Type.Object(
  {
    code: Type.Enum([...V2_ERROR_CODES], { type: 'string', description: 'What programs tell errors apart by.' }),
    message: Type.String({ description: 'One line.' }),
    details: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'What belongs to the code: ids, counts, points in time.',
      }),
    ),
  },
  { ...STRICT, title: 'V2Error', description: 'Why a request was not followed.' },
);
export type V2ErrorBody = Static<typeof V2ErrorBody>;
