/**
 * Writes from the option tables: the man pages, the shell completions, the option pages of docs/reference, the types of
 * the library's settings and the sample configuration file; from the table of log events: their page.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { backupServiceCommand } from '../../src/cli/asb/commands/service.js';
import { asbCommands } from '../../src/cli/asb/registry.js';
import { remoteCommands } from '../../src/cli/asb/remote/registry.js';
import { commands } from '../../src/cli/commands/registry.js';
import { apiSettings, catalogSettings } from './api-settings.js';
import { asbCompletionFiles } from './asb-completions.js';
import { asbManPage, asbOptionPage } from './asb-pages.js';
import { completionFiles } from './completion-files.js';
import { logEventsPage } from './log-events.js';
import { manPage } from './man-page.js';
import { optionPage } from './option-page.js';
import { packageVersion, serviceApiPage, serviceOpenApi } from './service-api.js';
import { serviceConfigurationPage } from './service-configuration.js';
import { sampleConfig } from './sample-config.js';

mkdirSync('man', { recursive: true });
const programs = [...commands, backupServiceCommand];
for (const tool of programs) writeFileSync(`man/${tool.name}.1`, manPage(tool));
for (const tool of programs) writeFileSync(`docs/reference/${tool.name}.md`, optionPage(tool));
writeFileSync('docs/reference/log-events.md', logEventsPage());
writeFileSync('docs/reference/service-configuration.md', serviceConfigurationPage());
writeFileSync('docs/reference/service-api.md', serviceApiPage());
writeFileSync('docs/reference/service-openapi.json', serviceOpenApi(packageVersion()));
for (const tool of programs) {
  for (const [file, text] of completionFiles(tool)) writeFileSync(`completions/${file}`, text);
}
writeFileSync('src/api/option-settings.ts', apiSettings(commands));
writeFileSync('src/api/catalog/option-settings.ts', catalogSettings(commands));
writeFileSync('conf/astools.conf.sample', sampleConfig(commands));

const asbPages = await Promise.all(asbCommands.map(({ loadPage }) => loadPage()));
const remotePages = await Promise.all(remoteCommands.map(({ loadPage }) => loadPage()));
writeFileSync('man/asb.1', asbManPage(asbPages, remotePages));
writeFileSync('docs/reference/asb.md', asbOptionPage(asbPages, remotePages));
for (const [file, text] of asbCompletionFiles(asbPages)) writeFileSync(`completions/${file}`, text);
