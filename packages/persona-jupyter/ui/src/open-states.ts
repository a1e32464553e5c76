/** More than anybody opens; the oldest are forgotten first. */
const MOST = 2_000;

/**
 * What a person opened or closed, kept beside the components that show it: those may be made
 * anew at any time.
 */
export class OpenStates {
  private readonly states = new Map<string, boolean>();

  /** Whether something is open; `initial` if nobody has touched it. */
  get(key: string, initial = false): boolean {
    return this.states.get(key) ?? initial;
  }

  /** Whether somebody has opened, closed or only reached it. */
  touched(key: string): boolean {
    return this.states.has(key);
  }

  set(key: string, open: boolean): void {
    this.states.delete(key);
    this.states.set(key, open);
    for (const oldest of this.states.keys()) {
      if (this.states.size <= MOST) {
        break;
      }
      this.states.delete(oldest);
    }
  }
}
