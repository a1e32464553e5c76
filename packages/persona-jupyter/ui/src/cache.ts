/**
 * Remembers what `load` answered for each key, for a short time.
 *
 * The menu asks at each key press; this keeps that to one request per chat and
 * period. Calls that come while a request is under way share it.
 */
export class TimedCache<T> {
  constructor(
    private readonly load: (key: string) => Promise<T>,
    private readonly lifetime: number,
    private readonly now: () => number = Date.now
  ) {}

  get(key: string): Promise<T> {
    const known = this.peek(key);
    if (known) {
      return known;
    }
    const value = this.load(key);
    this.entries.set(key, { value, until: this.now() + this.lifetime });
    return value;
  }

  /** What is known or under way; never loads. */
  peek(key: string): Promise<T> | undefined {
    const now = this.now();
    for (const [other, entry] of this.entries) {
      if (entry.until <= now) {
        this.entries.delete(other);
      }
    }
    return this.entries.get(key)?.value;
  }

  private readonly entries = new Map<string, { value: Promise<T>; until: number }>();
}
