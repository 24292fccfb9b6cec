/** Writes the man pages, and the lists of options in the README, from the option tables. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { asbackupTool } from '../dist/cli/asbackup-command.js';
import { asrestoreTool } from '../dist/cli/asrestore-command.js';
import { manPage } from '../dist/cli/pages/man-page.js';
import { withOptionLists } from '../dist/cli/pages/readme-options.js';

const tools = [asbackupTool, asrestoreTool];
const folder = new URL('../man/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const tool of tools) writeFileSync(new URL(`${tool.name}.1`, folder), manPage(tool));
const readme = new URL('../README.md', import.meta.url);
writeFileSync(readme, withOptionLists(readFileSync(readme, 'utf8'), tools));
