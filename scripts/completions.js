/** Writes the shell completions from the option tables. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { asbackupTool } from '../dist/cli/asbackup-command.js';
import { asrestoreTool } from '../dist/cli/asrestore-command.js';
import { completionFiles } from '../dist/cli/pages/completion-files.js';

const folder = new URL('../completions/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const tool of [asbackupTool, asrestoreTool]) {
  for (const [file, text] of completionFiles(tool)) writeFileSync(new URL(file, folder), text);
}
