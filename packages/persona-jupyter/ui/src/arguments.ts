import type { ChatCommand, IChatCommandProvider, IInputModel } from '@jupyter/chat';

import type { ChatIndex } from './chats';
import { Completions, IArgument, argumentAt, isOpen } from './completions';
import { shorten } from './matching';
import type { PersonaClient } from './rest';

/** How long the user must pause before the server is asked, in milliseconds. */
const PAUSE = 80;

/** Lists what the arguments of a command may be: engines, models, options. */
export class ArgumentProvider implements IChatCommandProvider {
  readonly id = 'persona-jupyter:arguments';

  constructor(
    private readonly client: Pick<PersonaClient, 'catalog' | 'completions'>,
    private readonly chats: ChatIndex
  ) {
    this.completions = new Completions((path, text) => client.completions(path, text));
  }

  async listCommandCompletions(input: IInputModel): Promise<ChatCommand[]> {
    // Again and again, as the user may have typed on: the last of many answers that come
    // late must be about what stands there now.
    for (;;) {
      const argument = await this.argument(input);
      if (!argument) {
        return [];
      }
      const path = this.chats.path(input);
      let rows = await this.completions.known(path, argument);
      if (!rows) {
        await new Promise(resolve => setTimeout(resolve, PAUSE));
        if (!isSame(argument, await this.argument(input))) {
          continue;
        }
        rows = await this.completions.ask(path, argument);
      }
      if (isSame(argument, await this.argument(input))) {
        return rows.map(({ word, description }) => ({
          name: word,
          providerId: this.id,
          description: shorten(description),
          spaceOnAccept: !isOpen(word)
        }));
      }
    }
  }

  /** Nothing to do: the server reads the command from the message. */
  async onSubmit(): Promise<void> {}

  private async argument(input: IInputModel): Promise<IArgument | undefined> {
    // Messages that are no commands ask nothing.
    if (!/^\s*[@/]/.test(input.value) || !input.value.includes('/')) {
      return undefined;
    }
    const { commands } = await this.client.catalog(this.chats.path(input));
    return argumentAt(input.value, input.cursorIndex, input.currentWord, commands);
  }

  private readonly completions: Completions;
}

function isSame(one: IArgument, other: IArgument | undefined): boolean {
  return one.before === other?.before && one.word === other.word;
}
