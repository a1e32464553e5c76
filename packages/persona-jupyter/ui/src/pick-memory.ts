/** Who a person has picked in each chat, kept over a reload of the page. */

/** How many chats are remembered, the last ones. */
const MOST = 200;

const KEY = 'persona-jupyter:picks';

type Entry = [chat: string, slug: string];

/** A part of the browser's `localStorage`. */
export type IStorage = Pick<Storage, 'getItem' | 'setItem'>;

/**
 * Remembers picks in the browser. Where it cannot, as storage is switched off or full, picks
 * last as long as the page.
 */
export class PickMemory {
  /**
   * @param storage - Where to keep them.
   * @param server - Address of the server: one browser may know several.
   */
  constructor(
    private readonly storage: () => IStorage,
    private readonly server: string
  ) {}

  /** Short name of who was picked, empty for no one, undefined if nobody was. */
  read(chat: string, person: string): string | undefined {
    const key = this.place(chat, person);
    return this.entries().find(([own]) => own === key)?.[1];
  }

  /** Remember a pick; without a name, forget it. */
  keep(chat: string, person: string, slug: string | undefined): void {
    const key = this.place(chat, person);
    const others = this.entries().filter(([own]) => own !== key);
    const entries: Entry[] = slug === undefined ? others : [[key, slug], ...others];
    try {
      this.storage().setItem(KEY, JSON.stringify(entries.slice(0, MOST)));
    } catch {
      // Then it lasts as long as the page.
    }
  }

  private place(chat: string, person: string): string {
    return [this.server, person, chat].join(' ');
  }

  private entries(): Entry[] {
    try {
      const stored: unknown = JSON.parse(this.storage().getItem(KEY) ?? '[]');
      return Array.isArray(stored) ? stored.filter(isEntry) : [];
    } catch {
      return [];
    }
  }
}

function isEntry(value: unknown): value is Entry {
  return Array.isArray(value) && value.length === 2 && value.every(one => typeof one === 'string');
}
