/** Writes the man pages, the shell completions and the option pages of docs/reference from the option tables. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { asbackupTool } from '../../src/config/backup-config.js';
import { asrestoreTool } from '../../src/config/restore-config.js';
import { completionFiles } from './completion-files.js';
import { manPage } from './man-page.js';
import { optionPage } from './option-page.js';

const tools = [asbackupTool, asrestoreTool];

mkdirSync('man', { recursive: true });
for (const tool of tools) writeFileSync(`man/${tool.name}.1`, manPage(tool));
for (const tool of tools) writeFileSync(`docs/reference/${tool.name}.md`, optionPage(tool));
for (const tool of tools) {
  for (const [file, text] of completionFiles(tool)) writeFileSync(`completions/${file}`, text);
}
