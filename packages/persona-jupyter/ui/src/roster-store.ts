import type { IRoster, IRosterPersona, Place, RosterClient } from './roster-client';
import { IChatPlace, Store } from './store';

/** What the roster shows. */
export interface IRosterState {
  /** Undefined before the server has answered. */
  roster: IRoster | undefined;
  /** What was done last, for who does not see it. */
  told: string;
  /** What the server refused last, and why. */
  error: string;
  busy: boolean;
}

type Client = Pick<RosterClient, 'roster' | 'place' | 'review'>;

/** What one chat's roster knows of the server. */
export class RosterStore extends Store<IRosterState> {
  constructor(
    private readonly client: Client,
    place: IChatPlace
  ) {
    super(place, { roster: undefined, told: '', error: '', busy: false });
  }

  /** Whether it is looked at: only then it is asked what the engines miss. */
  look(open: boolean): void {
    this.looked = open;
    if (open) {
      this.set({ error: '', told: '' });
      void this.refresh();
    }
  }

  /** Change a persona's place in the chat; whether it was done. */
  put({ slug, name }: IRosterPersona, place: Place): Promise<boolean> {
    return this.write(id => this.client.place(id, slug, place), done(name, place));
  }

  /** Ask for trust in a persona where the chat shows what it would run; its message's id. */
  async review({ slug }: IRosterPersona): Promise<string | undefined> {
    let message: string | undefined;
    await this.write(async id => {
      message = await this.client.review(id, slug);
    });
    return message;
  }

  /** Say what was done or what could not be. */
  tell(told: string, error = ''): void {
    this.set({ told, error });
  }

  private async write(call: (id: string) => Promise<void>, told = ''): Promise<boolean> {
    if (this.state.busy) {
      return false;
    }
    this.set({ busy: true, error: '', told: '' });
    const error = await this.attempt(call);
    await this.refresh();
    this.set({ busy: false, error, told: error ? '' : told });
    return !error;
  }

  protected async ask(path: string): Promise<void> {
    this.learn({ roster: await this.client.roster(path, this.looked) });
  }

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
