/** How many bytes of the network a record of a scan's answer has (wire.md 1.2 to 1.5). */
import { DIGEST_BYTES } from '../../core/partition.js';
import { BIN_STRIDE, type RecordView } from '../../core/record-view.js';

const MESSAGE_HEADER_BYTES = 22;
/** Length and type. */
const FIELD_HEADER_BYTES = 5;
/** Length, operation, particle type, version, length of the name. */
const BIN_HEADER_BYTES = 8;

export function wireRecordBytes(view: RecordView, namespaceBytes: number): number {
  const { setStart, setEnd, keyType, keyStart, keyEnd, binCount, bins } = view;
  let bytes = MESSAGE_HEADER_BYTES + 2 * FIELD_HEADER_BYTES + namespaceBytes + DIGEST_BYTES;
  if (setEnd > setStart) bytes += FIELD_HEADER_BYTES + setEnd - setStart;
  if (keyType !== 0) bytes += FIELD_HEADER_BYTES + 1 + keyEnd - keyStart;
  for (let i = 0; i < binCount; i++) {
    const at = i * BIN_STRIDE;
    bytes += BIN_HEADER_BYTES + bins[at + 2]! - bins[at + 1]! + bins[at + 4]! - bins[at + 3]!;
  }
  return bytes;
}
