import type { IChatModel, IInputModel } from '@jupyter/chat';

/**
 * Finds the chat that an input belongs to.
 *
 * A command provider is given the input only, while the server's calls need the
 * chat's id. The input's toolbar knows both and tells them here.
 */
export class ChatIndex {
  remember(input: IInputModel, chat: IChatModel): void {
    this.chats.set(input, chat);
  }

  /** The chat's id, once the chat is ready. */
  id(input: IInputModel): string | undefined {
    return this.chats.get(input)?.id;
  }

  /** The path of the chat's file, empty before the chat is ready. */
  path(input: IInputModel): string {
    return input.chatContext?.name ?? this.chats.get(input)?.name ?? '';
  }

  private readonly chats = new WeakMap<IInputModel, IChatModel>();
}
