import type { ChatCommand, IChatCommandProvider, IInputModel } from '@jupyter/chat';

import type { ChatIndex } from './chats';
import { matchCommands, textBefore } from './matching';
import type { PersonaClient } from './rest';

/** Lists the server's commands in the menu that opens at a slash. */
export class CommandProvider implements IChatCommandProvider {
  readonly id = 'persona-jupyter:commands';

  constructor(
    private readonly client: PersonaClient,
    private readonly chats: ChatIndex
  ) {}

  async listCommandCompletions(input: IInputModel): Promise<ChatCommand[]> {
    if (!input.currentWord?.startsWith('/')) {
      return [];
    }
    const { commands } = await this.client.catalog(this.chats.path(input));
    const before = textBefore(input.value, input.cursorIndex);
    return matchCommands(input.currentWord ?? '', before, commands).map(command => ({
      name: command.name,
      providerId: this.id,
      description: command.description,
      spaceOnAccept: true
    }));
  }

  /** Nothing to do: the server reads the command from the message. */
  async onSubmit(): Promise<void> {}
}
