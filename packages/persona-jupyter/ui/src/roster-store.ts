import type { IPlace } from './picker-store';
import type { IRoster, IRosterPersona, Place, RosterClient } from './roster-client';

/** What the roster shows. A new object after each change. */
export interface IRosterState {
  /** Undefined before the server has answered. */
  roster: IRoster | undefined;
  /** What was done last, for who does not see it. */
  told: string;
  /** What the server refused last, and why. */
  error: string;
  busy: boolean;
}

type Client = Pick<RosterClient, 'roster' | 'place'>;

/** What one chat's roster knows of the server. Asks only when it is told to. */
export class RosterStore {
  constructor(
    private readonly client: Client,
    private readonly place: IPlace
  ) {}

  get state(): IRosterState {
    return this.now;
  }

  /** Be told of changes; returns how to stop that. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Whether it is looked at: only then it is asked what the engines miss. */
  look(open: boolean): void {
    this.looked = open;
    if (open) {
      this.set({ error: '', told: '' });
      void this.refresh();
    }
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

  /** Change a persona's place in the chat; whether it was done. */
  async put({ slug, name }: IRosterPersona, place: Place): Promise<boolean> {
    const id = this.place.id();
    if (!id) {
      this.tell('', 'The chat is not open yet. Try again.');
      return false;
    }
    if (this.now.busy) {
      return false;
    }
    this.set({ busy: true, error: '', told: '' });
    let error = '';
    try {
      await this.client.place(id, slug, place);
    } catch (refused) {
      error = refused instanceof Error ? refused.message : String(refused);
    }
    await this.refresh();
    this.set({ busy: false, error, told: error ? '' : done(name, place) });
    return !error;
  }

  /** Say what was done or what could not be. */
  tell(told: string, error = ''): void {
    this.set({ told, error });
  }

  private async askUntilNew(): Promise<void> {
    do {
      this.again = false;
      await this.ask();
    } while (this.again);
  }

  private async ask(): Promise<void> {
    const path = this.place.path();
    if (!path) {
      return;
    }
    try {
      const roster = await this.client.roster(path, this.looked);
      if (JSON.stringify(roster) !== JSON.stringify(this.now.roster)) {
        this.set({ roster });
      }
    } catch {
      // What was known stays: the next event asks again.
    }
  }

  private set(change: Partial<IRosterState>): void {
    this.now = { ...this.now, ...change };
    this.listeners.forEach(listener => listener());
  }

  private now: IRosterState = { roster: undefined, told: '', error: '', busy: false };
  private readonly listeners = new Set<() => void>();
  private asking: Promise<void> | undefined;
  private again = false;
  private looked = false;
}

function done(name: string, place: Place): string {
  if ('removed' in place) {
    return place.removed ? `${name} was removed from this chat.` : `${name} takes part again.`;
  }
  return place.default
    ? `${name} answers in this chat when nobody is mentioned.`
    : `${name} is no longer the default of this chat.`;
}
