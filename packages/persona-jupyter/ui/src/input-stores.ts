import type { IChatModel, IInputModel } from '@jupyter/chat';

import type { ChatIndex } from './chats';
import type { IChatPlace } from './store';

/** One store for each input: its buttons share it, and the toolbar may be made anew at any time. */
export class InputStores<T> {
  constructor(
    private readonly chats: ChatIndex,
    private readonly create: (place: IChatPlace) => T
  ) {}

  of(input: IInputModel, chat: IChatModel): T {
    const known = this.stores.get(input);
    if (known) {
      return known;
    }
    this.chats.remember(input, chat);
    const store = this.create({ path: () => this.chats.path(input), id: () => chat.id });
    this.stores.set(input, store);
    return store;
  }

  private readonly stores = new WeakMap<IInputModel, T>();
}
