/** `0-99, 200, 300-301, …`: partition ids in ascending order for a message; at most ten ranges. */
export function formatPartitions(partitions: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < partitions.length;) {
    let j = i;
    while (j + 1 < partitions.length && partitions[j + 1] === partitions[j]! + 1) j++;
    parts.push(i === j ? String(partitions[i]) : `${partitions[i]!}-${partitions[j]!}`);
    if (parts.length === 10 && j + 1 < partitions.length) return `${parts.join(', ')}, …`;
    i = j + 1;
  }
  return parts.join(', ');
}
