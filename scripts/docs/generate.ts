/** Writes the man pages, the shell completions and the lists of options in the README from the option tables. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { asbackupTool } from '../../src/config/backup-config.js';
import { asrestoreTool } from '../../src/config/restore-config.js';
import { completionFiles } from './completion-files.js';
import { manPage } from './man-page.js';
import { withOptionLists } from './readme-options.js';

const tools = [asbackupTool, asrestoreTool];

mkdirSync('man', { recursive: true });
for (const tool of tools) writeFileSync(`man/${tool.name}.1`, manPage(tool));
writeFileSync('README.md', withOptionLists(readFileSync('README.md', 'utf8'), tools));
for (const tool of tools) {
  for (const [file, text] of completionFiles(tool)) writeFileSync(`completions/${file}`, text);
}
