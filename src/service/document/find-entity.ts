/** The entity of a map of the document; undefined = there is none of that name. */
export function findEntity<Entity>(
  map: Readonly<Record<string, Entity>> | undefined,
  name: string,
): Entity | undefined {
  return map !== undefined && Object.hasOwn(map, name) ? map[name] : undefined;
}
