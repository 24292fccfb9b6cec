import { catalogOptions } from './common.js';

export const showOptions = catalogOptions;
