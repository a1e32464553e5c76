/** What the server extension answers under `api/personas`. */

export interface IPersona {
  /** `persona::<slug>`, also the name of its user in the chat. */
  id: string;
  slug: string;
  name: string;
  /** All that it answers to. */
  names?: string[];
  /** What follows the @ in a message; never contains a space. */
  mention_name: string;
  description: string | null;
  /** Absolute path or `data:` URI, ready for the `src` of an image. */
  avatar_url: string | null;
  engine: string;
  model: string | null;
  /**
   * A persona that is busy or waits for leave takes messages: they are answered in turn.
   * One that wants a login is asked again. One that is carried is only in the chat's file,
   * not on the server; one that is removed was taken out of this chat.
   */
  state:
    | 'ready'
    | 'busy'
    | 'waiting'
    | 'broken'
    | 'untrusted'
    | 'login'
    | 'unavailable'
    | 'carried'
    | 'removed';
  /** What a persona that is busy does. */
  activity?: string | null;
  /** Why a persona that is not ready cannot answer. */
  detail: string | null;
}

export interface ICommand {
  /** With its leading slash. */
  name: string;
  description: string;
}

export interface ICompletion {
  /** What takes the place of the word at the caret. */
  word: string;
  description: string;
}

export interface ICatalog {
  personas: IPersona[];
  commands: ICommand[];
}

export const EMPTY_CATALOG: ICatalog = { personas: [], commands: [] };
