import { mentions, optionText } from '../option-text.js';
import { mergeOptions } from '../schema/catalog/merge.js';
import type { ToolSchema } from '../tool-schema.js';
import { toInputSchema } from './backup-input.js';

const option = mentions(mergeOptions);
const schema = toInputSchema(mergeOptions);

export const mergeSchema: ToolSchema<typeof mergeOptions> = {
  ...schema,
  constraints: [
    ...schema.constraints,
    (values) =>
      values.has('output-directory') ? undefined : optionText`No output specified. Use ${option('output-directory')}`,
  ],
};
