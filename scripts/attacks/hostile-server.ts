/** A node that answers scans and writes falsely. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import { checkFails, readDigests, runBackup, runRestore, type Attack, type AttackContext } from './attack.js';
import {
  encodeFrame,
  encodeRow,
  LAST,
  makeDigest,
  parseScanRequest,
  startFakeNode,
  type RowOptions,
  type ScanRequest,
} from './fake-node.js';

/** Answers a check for one record as a good server would, and everything else as the attack wants. */
function answerScans(answer: (request: ScanRequest, socket: Socket) => void) {
  return (body: Buffer, socket: Socket): void => {
    const request = parseScanRequest(body);
    if (request.isLimited) socket.write(LAST);
    else answer(request, socket);
  };
}

function writeRows(socket: Socket, rows: readonly Buffer[]): void {
  socket.write(Buffer.concat([encodeFrame(3, Buffer.concat(rows)), LAST]));
}

/** A backup against a node with such answers must end with 1 within its time, and write no record twice. */
function falseRows(
  name: string,
  answer: (request: ScanRequest, socket: Socket) => void,
  args: readonly string[] = [],
): Attack {
  return {
    name: `backup from a node that ${name} fails instead of writing the rows`,
    run: async ({ folder }: AttackContext) => {
      const node = await startFakeNode({ onMessage: answerScans(answer) });
      const directory = join(folder, 'backup');
      try {
        const ended = await runBackup(node.port, ['-d', directory, '--max-retries', '2', ...args]);
        const digests = readDigests(directory);
        const problems = checkFails(ended, /\[ERR\]/);
        if (new Set(digests).size < digests.length) problems.push('records are in the files more than once');
        return problems;
      } finally {
        await node.close();
      }
    },
  };
}

function rowInEach(request: ScanRequest, options: RowOptions): Buffer[] {
  return request.partitions.filter((id) => id % 64 === 0).map((id) => encodeRow(makeDigest(id, 1), options));
}

const emptyAnswers: Attack = {
  name: 'restore by single writes does not count an empty frame as an answer',
  run: async ({ folder }) => {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'records.asb');
    const records = Array.from(
      { length: 20 },
      (_, i) => `+ n test\n+ d ${makeDigest(i * 37, i).toString('base64')}\n+ g 1\n+ t 0\n+ b 1\n- I a ${i}\n`,
    );
    writeFileSync(path, `Version 3.1\n# namespace test\n# first-file\n${records.join('')}`);
    const node = await startFakeNode({
      build: '5.7.0.8',
      onMessage: (_, socket) => socket.write(encodeFrame(3, Buffer.alloc(0))),
    });
    try {
      const args = ['-i', path, '--socket-timeout', '1000', '--total-timeout', '2000', '--max-retries', '1'];
      const ended = await runRestore(node.port, args);
      const counted = /inserted [1-9]\d*/.exec(ended.log)?.[0];
      return [
        ...checkFails(ended, /\[ERR\]/),
        ...(counted === undefined ? [] : [`counted without an answer: ${counted}`]),
      ];
    } finally {
      await node.close();
    }
  },
};

export const HOSTILE_SERVER: readonly Attack[] = [
  falseRows(
    'sends rows of partitions that were not asked for',
    (_, socket) => {
      writeRows(socket, [encodeRow(makeDigest(0, 1)), encodeRow(makeDigest(2000, 1))]);
    },
    ['-X', '0-10'],
  ),
  falseRows('sends every row twice', (request, socket) => {
    const rows = rowInEach(request, {});
    writeRows(
      socket,
      rows.flatMap((row) => [row, row]),
    );
  }),
  falseRows('sends rows of another namespace', (request, socket) => {
    writeRows(socket, rowInEach(request, { namespace: 'other' }));
  }),
  falseRows(
    'sends rows of another set',
    (request, socket) => {
      writeRows(socket, rowInEach(request, { set: 'theirs' }));
    },
    ['-s', 'mine'],
  ),
  falseRows('sends rows in ascending order', (_, socket) => {
    const digests = [1, 2, 3, 4, 5].map((n) => makeDigest(0, n)).sort((a, b) => a.compare(b));
    writeRows(
      socket,
      digests.map((digest) => encodeRow(digest)),
    );
  }),
  falseRows('sends a bin name longer than its reader accepts', (_, socket) => {
    writeRows(socket, [encodeRow(makeDigest(0, 1), { bin: 'x'.repeat(255) })]);
  }),
  falseRows('sends a generation that its reader does not accept', (_, socket) => {
    writeRows(socket, [encodeRow(makeDigest(0, 1), { generation: 0xffffffff })]);
  }),
  emptyAnswers,
];
