/**
 * The emulator of Azure Blob Storage that the tests use, Azurite. scripts/test starts one and says where it is; a
 * developer does the same with
 *
 *     AZURE_TEST_SERVER=$(scripts/azure-server start) npx vitest run test/integration/azure-….test.ts
 *
 * and ends it with `scripts/azure-server stop DIR`. Without AZURE_TEST_SERVER the tests skip.
 */
export interface AzureServer {
  /** `http://127.0.0.1:PORT/ACCOUNT` */
  endpoint: string;
  accountName: string;
  accountKey: string;
  /** Where its data and log are; the commands of scripts/azure-server take it. */
  dir: string;
}

/** Why there is no server, for the names of tests that skip. */
export const azureSkipReason = 'no Azure server: AZURE_TEST_SERVER is not set; see scripts/azure-server';

/** The server that all test files share: use containers of your own, and never stop it. Undefined: skip. */
export function azureServer(): AzureServer | undefined {
  const line = process.env.AZURE_TEST_SERVER;
  return line === undefined || line === '' ? undefined : parseServer(line);
}

function parseServer(line: string): AzureServer {
  const fields = JSON.parse(line) as Record<string, unknown>;
  const text = (name: string): string => {
    const value = fields[name];
    if (typeof value !== 'string') {
      throw new Error(`AZURE_TEST_SERVER has no ${name}; it is the line that scripts/azure-server prints`);
    }
    return value;
  };
  return {
    endpoint: text('endpoint'),
    accountName: text('accountName'),
    accountKey: text('accountKey'),
    dir: text('dir'),
  };
}
