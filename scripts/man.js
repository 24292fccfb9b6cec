/** Writes the man pages from the option tables. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { asbackupTool } from '../dist/cli/asbackup-command.js';
import { asrestoreTool } from '../dist/cli/asrestore-command.js';
import { manPage } from '../dist/cli/pages/man-page.js';

const folder = new URL('../man/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const tool of [asbackupTool, asrestoreTool]) writeFileSync(new URL(`${tool.name}.1`, folder), manPage(tool));
