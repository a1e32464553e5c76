import type { BlockClient, IChoices, IPickerCatalog, IPickerPersona } from './block-client';
import type { IStateEvent } from './events';
import { canAnswer } from './matching';
import { messageOf } from './message-of';
import { IChatPlace, Store } from './store';

/** What the picker shows. */
export interface IPickerState {
  /** Undefined before the server has answered. */
  catalog: IPickerCatalog | undefined;
  /** What can be chosen for the persona whose settings are open. */
  choices: { slug: string; values: IChoices } | undefined;
  /** What the server refused last, and why. */
  error: string;
  busy: boolean;
}

type Client = Pick<BlockClient, 'catalog' | 'choices' | 'prepare' | 'change' | 'reset'>;

/** What the picker of one input knows of the server. */
export class PickerStore extends Store<IPickerState> {
  constructor(
    private readonly client: Client,
    place: IChatPlace
  ) {
    super(place, { catalog: undefined, choices: undefined, error: '', busy: false });
  }

  /** Show at once what a persona does, as an event has told. */
  doing({ slug, state: activity, phase }: IStateEvent): void {
    const { catalog } = this.state;
    const row = this.row(slug);
    if (!catalog || !row || !canAnswer(row)) {
      return;
    }
    const state = phase === 'over' ? 'ready' : phase;
    // Its replies have taken more by now.
    this.stale ||= phase === 'over' && slug === this.wanted;
    const next = { ...row, state, activity: phase === 'over' ? null : activity } as const;
    if (row.state !== next.state || row.activity !== next.activity) {
      const personas = catalog.personas.map(one => (one === row ? next : one));
      this.set({ catalog: { ...catalog, personas } });
    }
  }

  /**
   * Show the settings of a persona; none without a name.
   *
   * Its engine is prepared, as agents tell their modes and options only when they start.
   */
  async settingsOf(slug: string | undefined): Promise<void> {
    if (slug !== this.wanted) {
      this.wanted = slug;
      this.set({ choices: undefined, error: '' });
      await this.askChoices();
      await this.prepare(slug);
    }
  }

  /** Change values of a persona; whether it was done. What was refused is told in `error`. */
  change(slug: string, values: Record<string, unknown>): Promise<boolean> {
    return this.write(id => this.client.change(id, slug, values));
  }

  /** Take back what was changed of a persona in this chat. */
  reset(slug: string): Promise<boolean> {
    return this.write(id => this.client.reset(id, slug));
  }

  /** One after the other: each is asked for with what the one before has changed. */
  private write(call: (chatId: string) => Promise<void>): Promise<boolean> {
    const done = this.last.then(() => this.writeNow(call));
    this.last = done;
    return done;
  }

  private async writeNow(call: (chatId: string) => Promise<void>): Promise<boolean> {
    this.set({ busy: true, error: '' });
    const error = await this.attempt(call);
    await this.refresh();
    await this.askChoices();
    this.set({ busy: false, error });
    void this.prepare(this.wanted);
    return !error;
  }

  private async prepare(slug: string | undefined): Promise<void> {
    const id = this.place.id();
    const row = this.row(slug);
    if (!slug || !id || !row || !canAnswer(row)) {
      return;
    }
    try {
      await this.client.prepare(id, slug);
    } catch {
      return; // What fails is told when it is asked something.
    }
    if (slug === this.wanted && !this.state.busy) {
      await this.refresh();
      await this.askChoices();
    }
  }

  protected async ask(path: string): Promise<void> {
    const catalog = await this.client.catalog(path);
    const was = JSON.stringify(this.row(this.wanted));
    this.learn({ catalog });
    const isNew = this.stale || was !== JSON.stringify(this.row(this.wanted));
    if (isNew && !this.state.busy) {
      this.stale = false;
      await this.askChoices();
    }
  }

  private async askChoices(): Promise<void> {
    const slug = this.wanted;
    const row = this.row(slug);
    if (!slug || !row || row.state === 'broken' || row.state === 'carried') {
      return;
    }
    try {
      const values = await this.client.choices(this.place.path(), slug);
      if (slug === this.wanted) {
        this.learn({ choices: { slug, values } });
      }
    } catch (refused) {
      if (slug === this.wanted) {
        this.set({ error: messageOf(refused) });
      }
    }
  }

  private row(slug: string | undefined): IPickerPersona | undefined {
    return this.state.catalog?.personas.find(persona => persona.slug === slug);
  }

  private stale = false;
  private wanted: string | undefined;
  private last: Promise<unknown> = Promise.resolve();
}
