/** A persona that only the chat brings, as the server notes it in the message's metadata. */

import { field } from './permission';

export interface ICarried {
  slug: string;
  name: string;
  /** The server's word that it has shown this persona as it is. */
  seal: string;
}

/** What became of a click: null when it is saved, else what to tell. */
export type Refusal = string | null;

const SLUG = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;

/** The persona that a message offers to save; undefined if none or not any more. */
export function readCarried(metadata: unknown): ICarried | undefined {
  const note = field(metadata, 'persona');
  const carried = field(note, 'carried');
  const slug = field(carried, 'slug');
  const seal = field(carried, 'seal');
  if (field(note, 'kind') !== 'carried' || field(note, 'state') !== 'offered') {
    return undefined;
  }
  if (typeof slug !== 'string' || !SLUG.test(slug) || typeof seal !== 'string') {
    return undefined;
  }
  const name = field(carried, 'name');
  return { slug, seal, name: typeof name === 'string' && name.trim() ? name.trim() : slug };
}
