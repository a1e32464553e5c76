import { ICommand, IPersona } from './types';

/** Longest description that a row of the menu shows. */
const DESCRIPTION_LENGTH = 90;

/** A mention: an @ at the start of a word, then letters of any script, digits, _ or -. */
const MENTION = /(?<![\p{L}\p{N}_@])@([\p{L}\p{N}_-]+)/gu;

const CODE = /```[\s\S]*?(?:```|$)|`[^`\n]*`/g;

const fold = (text: string): string => text.toLowerCase();

/** Spaces count as dashes, so that "@data-res" finds "Data Researcher". */
const foldName = (text: string): string => fold(text).replace(/\s+/g, '-');

/** 0 for a name that starts with the text, 1 for a part that does, 2 for any other place. */
function rank(text: string, names: string[]): number | undefined {
  const ranks = names.map(foldName).flatMap(name => {
    const at = name.indexOf(text);
    if (at < 0) {
      return [];
    }
    return [at === 0 ? 0 : name.includes(`-${text}`) ? 1 : 2];
  });
  return ranks.length ? Math.min(...ranks) : undefined;
}

/** Whether a message to the persona will be answered, now or in its turn. */
export function canAnswer(persona: IPersona): boolean {
  return !['broken', 'untrusted', 'unavailable', 'carried', 'removed'].includes(persona.state);
}

/** Whether the persona was not taken out of the chat. */
export function takesPart(persona: IPersona): boolean {
  return persona.state !== 'removed';
}

/** Whether the persona takes part and is on the server: the chat's file alone may bring others. */
export function isHere(persona: IPersona): boolean {
  return takesPart(persona) && persona.state !== 'carried';
}

/** Whether a word says a persona's @-name or slug in full. */
export function isMentionOf(persona: IPersona, name: string): boolean {
  return fold(persona.mention_name) === fold(name) || fold(persona.slug) === fold(name);
}

/**
 * The personas that the word at the caret may mean, best first.
 *
 * Empty when the word already is the full name of the only one left: the menu
 * closes and Enter sends the message.
 */
export function matchPersonas(word: string, personas: IPersona[]): IPersona[] {
  if (!word.startsWith('@')) {
    return [];
  }
  const text = fold(word.slice(1));
  const rows = personas.flatMap(persona => {
    const exact = isMentionOf(persona, text);
    const found = rank(text, [persona.mention_name, persona.name, persona.slug]);
    if (found === undefined) {
      return [];
    }
    return [{ persona, exact, order: exact ? -1 : found + (canAnswer(persona) ? 0 : 3) }];
  });
  if (rows.length === 1 && rows[0]?.exact) {
    return [];
  }
  return rows.sort((a, b) => a.order - b.order).map(row => row.persona);
}

/**
 * The commands that the word at the caret may mean.
 *
 * A command opens a message; only mentions may stand before it.
 */
export function matchCommands(word: string, before: string, commands: ICommand[]): ICommand[] {
  if (!word.startsWith('/') || !/^(\s*@\S+)*\s*$/.test(before)) {
    return [];
  }
  const text = fold(word);
  const found = commands.filter(command => fold(command.name).startsWith(text));
  const exact = found.filter(command => fold(command.name) === text);
  if (exact.length && found.length === exact.length) {
    return [];
  }
  return [...exact, ...found.filter(command => !exact.includes(command))];
}

/** The text before the word at the caret. */
export function textBefore(value: string, caret: number | null): string {
  return value.slice(0, caret ?? value.length).replace(/\S*$/, '');
}

/** What a row of the @ menu says beside the name. */
export function describe(persona: IPersona): string {
  if (!canAnswer(persona)) {
    const why = persona.state === 'untrusted' ? 'needs your trust' : 'not available';
    return shorten(`${why}: ${persona.detail ?? persona.state}`);
  }
  const model = persona.model?.split('/').pop();
  const about = persona.description ? [shorten(persona.description)] : [];
  return [...about, model ? `${persona.engine} ${model}` : persona.engine].join(' · ');
}

/** First letters of the first and the last word of a name. */
export function initials(name: string): string {
  const words = name.trim().split(/[\s_-]+/).filter(Boolean);
  const ends = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return ends.map(word => Array.from(word ?? '')[0]?.toUpperCase() ?? '').join('');
}

/** Names mentioned in a message, outside of code; `finished` leaves out one still being typed. */
export function mentionedNames(text: string, finished = false): string[] {
  const prose = text.replace(CODE, ' ');
  const names = Array.from(prose.matchAll(MENTION)).flatMap(match => {
    const ends = match.index + match[0].length;
    return match[1] && !(finished && ends === prose.length) ? [match[1]] : [];
  });
  return [...new Set(names)];
}

/** Cuts a description to what a row of the menu shows. */
export function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > DESCRIPTION_LENGTH ? `${line.slice(0, DESCRIPTION_LENGTH - 1)}…` : line;
}
