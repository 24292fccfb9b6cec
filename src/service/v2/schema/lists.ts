import { Type } from 'typebox';
import { STRICT } from '../../document/schema/keywords.js';
import { StorageSummary } from './runtime-state.js';

export const StorageList = Type.Object(
  { storages: Type.Array(StorageSummary, { description: 'By their names.' }) },
  { ...STRICT, title: 'StorageList', description: 'All storages.' },
);
