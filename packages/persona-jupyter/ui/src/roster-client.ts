import { BlockClient, IPickerPersona } from './block-client';
import type { IPersonaFile } from './persona-files';

/** A persona with what the roster tells beside what the picker does. */
export interface IRosterPersona extends IPickerPersona {
  /** Whether it answers when nobody is mentioned. */
  default: boolean;
  scope: string;
  /** The file as people read it, or the package that brings it. */
  file: string;
  line: number | null;
  package: string | null;
  /** How its file is opened; none if the editor cannot. */
  open: IPersonaFile | null;
  /** What one that is busy does. */
  activity: string | null;
  /** Why it is in use as it was before the last edit of its file. */
  fault: string | null;
}

export interface IRoster {
  personas: IRosterPersona[];
  /** Who says that one answers by default: `chat`, `settings`, `only` or `nobody`. */
  default_from: string;
}

/** What can be changed of a persona's place in a chat. */
export type Place = { removed: boolean } | { default: boolean };

/** The calls of the roster. All of them throw `Refused`. */
export class RosterClient extends BlockClient {
  /** Everybody in the chat; with `support` also what their engines miss, which imports these. */
  async roster(path: string, support: boolean): Promise<IRoster> {
    const query = new URLSearchParams({ path, ...(support ? { support: 'true' } : {}) });
    const answer = (await this.catalogs.get(`?${query.toString()}`)) as Partial<IRoster>;
    return { personas: answer.personas ?? [], default_from: answer.default_from ?? 'nobody' };
  }

  async place(chatId: string, slug: string, place: Place): Promise<void> {
    await this.send('PATCH', '/roster', { chat_id: chatId, slug, ...place });
  }

  /** Have the chat ask for trust in a persona; the id of the message that does. */
  async review(chatId: string, slug: string): Promise<string> {
    const asked = await this.send<{ message: string }>('PUT', '/trust', { chat_id: chatId, slug });
    return asked.message;
  }
}
