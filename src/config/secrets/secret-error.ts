import { ToolError } from '../../core/errors.js';

/**
 * A secret could not be had. Codes: SECRET_CONFIG (address, port or certificate file of the agent), SECRET_CONNECT,
 * SECRET_TIMEOUT, SECRET_PROTOCOL (what answers is not a secret agent), SECRET_REFUSED (the agent says why) and
 * SECRET_VALUE (the answer holds no usable secret). No sentence holds a part of a secret.
 */
export class SecretError extends ToolError {}
