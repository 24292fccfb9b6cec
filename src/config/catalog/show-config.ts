import { catalogOptions } from '../schema/catalog/common.js';
import type { ToolSchema } from '../tool-schema.js';

/** Of commands that need to know no more than where backups are. */
export const showSchema: ToolSchema<typeof catalogOptions> = { name: 'asb', options: catalogOptions, constraints: [] };
