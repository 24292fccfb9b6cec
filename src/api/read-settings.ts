import { givenFromSettings } from '../config/from-settings.js';
import type { OptionValues } from '../config/option-values.js';
import { resolve } from '../config/resolve.js';
import type { OptionTable } from '../config/schema/option-spec.js';
import type { ToolSchema } from '../config/tool-schema.js';

/** The settings as checked values. Throws OptionError. */
export async function readSettings<T extends OptionTable>(
  schema: ToolSchema<T>,
  settings: object,
): Promise<OptionValues<T>> {
  return (await resolve(schema, { given: givenFromSettings(schema.options, settings) })).values;
}
