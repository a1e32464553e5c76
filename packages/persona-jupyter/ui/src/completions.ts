import { TimedCache } from './cache';
import { textBefore } from './matching';
import type { ICommand, ICompletion } from './types';

/** Most words of arguments that are asked about; what is longer is prose. */
const ARGUMENTS = 4;

/** Longest word that is asked about, in characters. */
const WORD_LENGTH = 100;

/** Most rows of one answer; one that is as long may have been cut. */
const ROWS = 50;

/** How long one answer serves the menu, in milliseconds. */
const LIFETIME = 5000;

/** A mention, or the first word after any mentions. */
const OPENING = /^(?:\s*@\S+)*\s*(\/\S+)\s+/;

/** An argument of a command that is being typed. */
export interface IArgument {
  /** All that stands before the word. */
  before: string;
  /** The word at the caret. */
  word: string;
}

/**
 * The argument that the word at the caret is, if the server may know how it goes on.
 *
 * Names after an @ are left to the menu of the personas.
 */
export function argumentAt(
  value: string,
  caret: number | null,
  word: string | null,
  commands: ICommand[]
): IArgument | undefined {
  const before = textBefore(value, caret);
  const opening = OPENING.exec(before);
  if (!opening || !word || word.startsWith('@') || word.length > WORD_LENGTH || /\s/.test(word)) {
    return undefined;
  }
  const command = opening[1]?.toLowerCase();
  const words = before.slice(opening[0].length).split(/\s+/).filter(Boolean);
  const known = commands.some(({ name }) => name.toLowerCase() === command);
  return known && words.length < ARGUMENTS ? { before, word } : undefined;
}

/**
 * What is left of the rows for a shorter word, those that begin with the word first.
 *
 * Empty once the word is one of them in full: the menu closes and Enter sends the message.
 */
export function narrow(word: string, rows: ICompletion[]): ICompletion[] {
  if (!isOpen(word) && rows.some(row => row.word === word)) {
    return [];
  }
  const text = word.toLowerCase();
  const found = rows.filter(row => row.word !== word && row.word.toLowerCase().includes(text));
  const starts = found.filter(row => row.word.toLowerCase().startsWith(text));
  return [...starts, ...found.filter(row => !starts.includes(row))];
}

/** Whether a value or another part follows in the same word: `temperature=`, `openai/`. */
export function isOpen(word: string): boolean {
  return /[=/]$/.test(word);
}

/**
 * Knows the server's answers about the arguments of a chat, and asks as seldom as it can.
 *
 * An answer that is not cut serves the longer words too, up to the next `=` or `/`:
 * there the server may go on with other words.
 */
export class Completions {
  constructor(
    load: (path: string, text: string) => Promise<ICompletion[]>,
    now: () => number = Date.now
  ) {
    this.answers = new TimedCache<ICompletion[]>(
      key => {
        const [path = '', text = ''] = JSON.parse(key) as string[];
        return load(path, text);
      },
      LIFETIME,
      now
    );
  }

  /** The rows for a word, without asking; undefined if the server must be asked. */
  async known(path: string, { before, word }: IArgument): Promise<ICompletion[] | undefined> {
    const stem = Math.max(word.lastIndexOf('='), word.lastIndexOf('/')) + 1;
    for (let length = Math.max(stem, 1); length <= word.length; length++) {
      const rows = await this.answers.peek(key(path, before + word.slice(0, length)));
      if (rows && (rows.length < ROWS || length === word.length)) {
        return narrow(word, rows);
      }
    }
    return undefined;
  }

  /** The rows for a word, from the server. */
  async ask(path: string, { before, word }: IArgument): Promise<ICompletion[]> {
    return narrow(word, await this.answers.get(key(path, before + word)));
  }

  private readonly answers: TimedCache<ICompletion[]>;
}

function key(path: string, text: string): string {
  return JSON.stringify([path, text]);
}
