/** Thrown by the value parsers. The message is the reason only; the caller knows the option and the text. */
export class ValueError extends Error {}
