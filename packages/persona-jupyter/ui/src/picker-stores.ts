import type { IChatModel, IInputModel } from '@jupyter/chat';

import type { BlockClient } from './block-client';
import type { ChatIndex } from './chats';
import { PickerStore } from './picker-store';

/** One store for each input: its buttons share it, and the toolbar may be made anew at any time. */
export class PickerStores {
  constructor(
    private readonly client: BlockClient,
    private readonly chats: ChatIndex
  ) {}

  of(input: IInputModel, chat: IChatModel): PickerStore {
    const known = this.stores.get(input);
    if (known) {
      return known;
    }
    this.chats.remember(input, chat);
    const place = { path: () => this.chats.path(input), id: () => chat.id };
    const store = new PickerStore(this.client, place);
    this.stores.set(input, store);
    return store;
  }

  private readonly stores = new WeakMap<IInputModel, PickerStore>();
}
