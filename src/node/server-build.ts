/** The server version pretended, as `build` reports it, and what depends on it (wire.md 2.5, 9.1). */
export class ServerBuild {
  private readonly parts: number[];

  constructor(readonly text: string) {
    this.parts = text.split('.').map((part) => Number.parseInt(part, 10) || 0);
  }

  isAtLeast(major: number, minor = 0, patch = 0): boolean {
    const [ownMajor = 0, ownMinor = 0, ownPatch = 0] = this.parts;
    if (ownMajor !== major) return ownMajor > major;
    return ownMinor > minor || (ownMinor === minor && ownPatch >= patch);
  }
}
