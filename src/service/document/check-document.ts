/** A whole document: the schema, and then what it cannot say. */
import { refuse, readValue } from './read-value.js';
import { joinPath } from './json-schema.js';
import { checkAccess } from './rules/access-rules.js';
import { checkCluster } from './rules/cluster-rules.js';
import { checkAgent, checkName } from './rules/common-rules.js';
import { checkPolicy } from './rules/policy-rules.js';
import { checkRoutine } from './rules/routine-rules.js';
import { checkService } from './rules/service-rules.js';
import { checkStorage } from './rules/storage-rules.js';
import { checkWebhook } from './rules/webhook-rules.js';
import { ServiceDocument } from './schema/service-document.js';

/** Adds to a document what comes from elsewhere. */
export interface DocumentSupplement {
  apply(document: ServiceDocument): ServiceDocument;
  /** A problem of such a document, with what belongs to it. */
  explain(problem: string): string;
}

/**
 * The document that a value is; nothing is an empty one. Throws ServiceError SERVICE_INVALID with all problems. The
 * supplement counts for what is a problem; it is not in the result.
 */
export function readDocument(value: unknown, supplement?: DocumentSupplement): ServiceDocument {
  const document = readValue(ServiceDocument, value ?? {}, '');
  const complete = supplement?.apply(document) ?? document;
  refuse(checkDocument(complete).map((problem) => supplement?.explain(problem) ?? problem));
  return document;
}

/** All that is wrong with a document that has the form of the schema. */
export function checkDocument(document: ServiceDocument): string[] {
  return [
    ...checkService(document),
    ...checkAccess(document),
    ...checkEach('secret-agents', document['secret-agents'], checkAgent),
    ...checkEach('aerospike-clusters', document['aerospike-clusters'], (cluster, where) =>
      checkCluster(cluster, document, where),
    ),
    ...checkEach('storage', document.storage, (storage, where) => checkStorage(storage, document, where)),
    ...checkEach('backup-policies', document['backup-policies'], checkPolicy),
    ...checkEach('backup-routines', document['backup-routines'], (routine, where) =>
      checkRoutine(routine, document, where),
    ),
    ...checkEach('webhooks', document.webhooks, (webhook, where) => checkWebhook(webhook, document, where)),
  ];
}

function checkEach<Entity>(
  kind: string,
  map: Readonly<Record<string, Entity>> | undefined,
  check: (entity: Entity, where: string) => string[],
): string[] {
  return Object.entries(map ?? {}).flatMap(([name, entity]) => {
    const where = joinPath(kind, name);
    const problem = checkName(name);
    return [...(problem === undefined ? [] : [`${where}: the name ${problem}`]), ...check(entity, where)];
  });
}
