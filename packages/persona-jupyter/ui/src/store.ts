import { messageOf } from './message-of';

/** Where a chat is: its file and, when it is open, its id. */
export interface IChatPlace {
  path(): string;
  id(): string | undefined;
}

/**
 * What one chat's controls know of the server. Asks only when it is told to.
 *
 * The state is a new object after each change.
 */
export abstract class Store<T extends object> {
  constructor(
    protected readonly place: IChatPlace,
    private now: T
  ) {}

  get state(): T {
    return this.now;
  }

  /** Be told of changes; returns how to stop that. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Ask the server again; calls that come meanwhile are answered by one more. */
  refresh(): Promise<void> {
    if (this.asking) {
      this.again = true;
      return this.asking;
    }
    this.asking = this.askUntilNew().finally(() => (this.asking = undefined));
    return this.asking;
  }

  /** Ask for what is shown of the chat at a path; throws if the server does not tell. */
  protected abstract ask(path: string): Promise<void>;

  /** Ask the server to do something in the chat; the reason if it was not done, else empty. */
  protected async attempt(call: (chatId: string) => Promise<void>): Promise<string> {
    const id = this.place.id();
    if (!id) {
      return 'The chat is not open yet. Try again.';
    }
    try {
      await call(id);
      return '';
    } catch (refused) {
      return messageOf(refused);
    }
  }

  protected set(change: Partial<T>): void {
    this.now = { ...this.now, ...change };
    this.listeners.forEach(listener => listener());
  }

  /** Set what the server has told, if it is anything new. */
  protected learn(told: Partial<T>): void {
    const keys = Object.keys(told) as (keyof T)[];
    if (keys.some(key => JSON.stringify(told[key]) !== JSON.stringify(this.now[key]))) {
      this.set(told);
    }
  }

  private async askUntilNew(): Promise<void> {
    do {
      this.again = false;
      const path = this.place.path();
      try {
        await (path && this.ask(path));
      } catch {
        // What was known stays: the next event asks again.
      }
    } while (this.again);
  }

  private readonly listeners = new Set<() => void>();
  private asking: Promise<void> | undefined;
  private again = false;
}
