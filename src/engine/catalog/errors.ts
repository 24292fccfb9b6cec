import { ToolError } from '../../core/errors.js';

/** A backup is not there, or not in the state that a command needs. Nothing has been changed. */
export class CatalogError extends ToolError {
  declare readonly code:
    | 'CATALOG_NOT_FOUND'
    | 'CATALOG_STATE'
    | 'CATALOG_HELD'
    | 'CATALOG_IN_USE'
    | 'CATALOG_VERIFY'
    | 'CATALOG_DAMAGED'
    | 'CATALOG_DELETED'
    | 'CATALOG_BASE'
    | 'CATALOG_CHANGED'
    | 'CATALOG_UNREADABLE'
    | 'CATALOG_EXISTS'
    | 'CATALOG_SELECTION'
    | 'CATALOG_NAMESPACE'
    | 'CATALOG_PARENT'
    | 'CATALOG_COPY'
    | 'CATALOG_CHAIN'
    | 'CATALOG_NOT_EMPTY'
    | 'CATALOG_KEY';
}
