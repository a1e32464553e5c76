/** Where Jupyter AI is installed too: what is said to us is not sent to its persona as well. */

import type { ChatCommand, IChatCommandProvider, IInputModel } from '@jupyter/chat';

import { whoAnswers } from './answering';
import type { ChatIndex } from './chats';
import type { ICatalog } from './types';

/** Under this key Jupyter AI's picker stamps messages with the persona that is to answer. */
const THEIRS = 'to_persona';

const COMMAND = /^\s*(\/[a-z][a-z0-9-]*)(?:\s|$)/i;

/** Whether a message mentions a persona of ours, or is one of our commands. */
export function isForUs(text: string, { personas, commands }: ICatalog): boolean {
  const command = COMMAND.exec(text)?.[1]?.toLowerCase();
  if (command) {
    return commands.some(({ name }) => name === command);
  }
  const situation = { picked: undefined, lastAddressed: null, defaultPersona: null };
  const decided = whoAnswers(text, { ...situation, personas, people: [], several: false });
  return decided.why === 'mentioned';
}

/**
 * Takes Jupyter AI's stamp off a message that is for us, while it is sent.
 *
 * Its picker would have its persona answer also what was said to somebody else by name.
 * Without Jupyter AI, or with its picker at "No one", there is no stamp and nothing to do.
 */
export class SaidToUs implements IChatCommandProvider {
  readonly id = 'persona-jupyter:said-to-us';

  constructor(
    private readonly client: { catalog(path: string): Promise<ICatalog> },
    private readonly chats: Pick<ChatIndex, 'path'>
  ) {}

  async listCommandCompletions(): Promise<ChatCommand[]> {
    return [];
  }

  /** Called by the chat before it sends what stands in the input. */
  async onSubmit(input: IInputModel): Promise<void> {
    this.giveBack(input); // of an attempt that failed
    const stamp = stampOf(input);
    if (!stamp || !/[@/]/.test(input.value)) {
      return;
    }
    const catalog = await this.client.catalog(this.chats.path(input));
    if (isForUs(input.value, catalog)) {
      this.taken.set(input, stamp);
      input.updateMetadata?.({ [THEIRS]: null });
      input.valueChanged.connect(this.whenSent);
    }
  }

  /** The chat empties the input when it has sent the message. */
  private readonly whenSent = (input: IInputModel, text: string): void => {
    if (!text) {
      this.giveBack(input);
    }
  };

  private giveBack(input: IInputModel): void {
    const stamp = this.taken.get(input);
    if (stamp === undefined) {
      return;
    }
    this.taken.delete(input);
    input.valueChanged.disconnect(this.whenSent);
    if (!stampOf(input)) {
      input.updateMetadata?.({ [THEIRS]: stamp });
    }
  }

  private readonly taken = new WeakMap<IInputModel, string>();
}

function stampOf(input: IInputModel): string | undefined {
  const metadata = input.getMetadata?.();
  const stamp =
    metadata && typeof metadata === 'object'
      ? (metadata as Record<string, unknown>)[THEIRS]
      : undefined;
  return typeof stamp === 'string' && stamp ? stamp : undefined;
}
