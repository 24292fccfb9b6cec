/** Numbers of the wire protocol, named. Spec: wire.md; the section is given with each group. */

/** 1.1 Frame header: version, type, 48-bit body length. */
export const FRAME_HEADER_BYTES = 8;
export const FRAME_VERSION = 2;
export const MAX_FRAME_BODY_BYTES = 128 * 1024 * 1024;

export const FrameType = { INFO: 1, SECURITY: 2, MESSAGE: 3, COMPRESSED: 4 } as const;

/** 1.2 Message header. */
export const MESSAGE_HEADER_BYTES = 22;
/** Where the result code stands in the message header. */
export const RESULT_OFFSET = 5;
/** Where a batch answer carries the index of the row. */
export const ROW_INDEX_OFFSET = 14;

export const Info1 = {
  READ: 0x01,
  GET_ALL: 0x02,
  SHORT_QUERY: 0x04,
  BATCH: 0x08,
  GET_NO_BINS: 0x20,
  COMPRESS_RESPONSE: 0x80,
} as const;

export const Info2 = {
  WRITE: 0x01,
  DELETE: 0x02,
  GENERATION: 0x04,
  GENERATION_GT: 0x08,
  DURABLE_DELETE: 0x10,
  CREATE_ONLY: 0x20,
  RELAX_AP_LONG_QUERY: 0x40,
  RESPOND_ALL_OPS: 0x80,
} as const;

export const Info3 = {
  LAST: 0x01,
  COMMIT_MASTER: 0x02,
  PARTITION_DONE: 0x04,
  UPDATE_ONLY: 0x08,
  CREATE_OR_REPLACE: 0x10,
  REPLACE_ONLY: 0x20,
} as const;

/** 1.3 Field ids. */
export const Field = {
  NAMESPACE: 0,
  SET: 1,
  KEY: 2,
  RECORD_VERSION: 3,
  DIGEST: 4,
  TXN_ID: 5,
  TXN_DEADLINE: 6,
  TASK_ID: 7,
  SOCKET_TIMEOUT: 9,
  RECORDS_PER_SECOND: 10,
  PID_ARRAY: 11,
  DIGEST_ARRAY: 12,
  MAX_RECORDS: 13,
  BVAL_ARRAY: 15,
  INDEX_NAME: 21,
  INDEX_RANGE: 22,
  INDEX_CONTEXT: 23,
  INDEX_EXPRESSION: 24,
  INDEX_TYPE: 26,
  UDF_PACKAGE: 30,
  UDF_FUNCTION: 31,
  UDF_ARGLIST: 32,
  UDF_OP: 33,
  QUERY_BINLIST: 40,
  BATCH: 41,
  FILTER: 43,
  ERROR_DETAILS: 45,
} as const;

/** 3.1 Security messages: header, commands and fields that a login needs. */
export const SECURITY_HEADER_BYTES = 16;
export const SecurityCommand = { AUTHENTICATE: 0, LOGIN: 20 } as const;
export const SecurityField = { USER: 0, CREDENTIAL: 3, CLEAR_PASSWORD: 4, SESSION_TOKEN: 5, SESSION_TTL: 6 } as const;

/** 1.4 Op codes. */
export const Op = {
  READ: 1,
  WRITE: 2,
  CDT_READ: 3,
  CDT_MODIFY: 4,
  INCR: 5,
  EXP_READ: 7,
  EXP_MODIFY: 8,
  APPEND: 9,
  PREPEND: 10,
  TOUCH: 11,
  BITS_READ: 12,
  BITS_MODIFY: 13,
  DELETE_ALL: 14,
  HLL_READ: 15,
  HLL_MODIFY: 16,
} as const;

/** 8.5 Flags of a batch row. */
export const RowFlag = { REPEAT: 0x01, INFO: 0x02, GENERATION: 0x04, TTL: 0x08, INFO4: 0x10 } as const;

/** 7 Special values of the TTL word in requests. */
export const Ttl = { DEFAULT: 0, NEVER: 0xffffffff, KEEP: 0xfffffffe } as const;

/** 11 Result codes that the code names. */
export const ResultCode = {
  OK: 0,
  SERVER_ERROR: 1,
  NOT_FOUND: 2,
  GENERATION: 3,
  PARAMETER: 4,
  RECORD_EXISTS: 5,
  BIN_EXISTS: 6,
  CLUSTER_KEY_MISMATCH: 7,
  SERVER_FULL: 8,
  TIMEOUT: 9,
  ALWAYS_FORBIDDEN: 10,
  PARTITION_UNAVAILABLE: 11,
  BIN_TYPE: 12,
  RECORD_TOO_BIG: 13,
  KEY_BUSY: 14,
  SCAN_ABORT: 15,
  UNSUPPORTED: 16,
  BIN_NOT_FOUND: 17,
  DEVICE_OVERLOAD: 18,
  KEY_MISMATCH: 19,
  NAMESPACE: 20,
  BIN_NAME: 21,
  FORBIDDEN: 22,
  ELEMENT_NOT_FOUND: 23,
  ELEMENT_EXISTS: 24,
  ENTERPRISE_ONLY: 25,
  OP_NOT_APPLICABLE: 26,
  FILTERED_OUT: 27,
  SECURITY_NOT_SUPPORTED: 51,
  SECURITY_NOT_ENABLED: 52,
  EXPIRED_SESSION: 66,
  NOT_AUTHENTICATED: 80,
  ROLE_VIOLATION: 81,
  QUOTA_EXCEEDED: 83,
  LDAP_NOT_ENABLED: 90,
  UDF: 100,
  BATCH_DISABLED: 150,
  BATCH_MAX_REQUESTS: 151,
  BATCH_QUEUES_FULL: 152,
  INVALID_GEO: 160,
  INDEX_EXISTS: 200,
  INDEX_NOT_FOUND: 201,
  INDEX_OUT_OF_MEMORY: 202,
  INDEX_NOT_READABLE: 203,
} as const;
