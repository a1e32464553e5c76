/** A persona's request for permission, as the server notes it in the message's metadata. */

export type PermissionKind = 'allow_once' | 'allow_always' | 'reject_once' | 'reject_always';

export interface IPermissionOption {
  id: string;
  name: string;
  kind: PermissionKind;
}

export interface IPermission {
  id: string;
  title: string;
  options: IPermissionOption[];
  /** Whether somebody may still answer. */
  waiting: boolean;
}

/** What became of an answer. */
export type Outcome = 'sent' | 'too-late' | 'failed';

const LABELS: Record<PermissionKind, string> = {
  allow_once: 'Allow',
  allow_always: 'Always allow',
  reject_once: 'Reject',
  reject_always: 'Always reject'
};

/** The request that a message shows; undefined if it shows none, whatever the file says. */
export function readPermission(metadata: unknown): IPermission | undefined {
  const note = field(metadata, 'persona');
  const asked = field(note, 'permission');
  const id = field(asked, 'id');
  if (field(note, 'kind') !== 'permission' || typeof id !== 'string') {
    return undefined;
  }
  const options = field(asked, 'options');
  return {
    id,
    title: text(field(asked, 'title')),
    options: Array.isArray(options) ? options.flatMap(readOption) : [],
    waiting: field(note, 'state') === 'waiting'
  };
}

/** Whether an option lets the tool go ahead. */
export function allows(option: IPermissionOption): boolean {
  return option.kind === 'allow_once' || option.kind === 'allow_always';
}

function readOption(option: unknown): IPermissionOption[] {
  const id = field(option, 'id');
  const kind = field(option, 'kind');
  if (typeof id !== 'string' || typeof kind !== 'string' || !has(LABELS, kind)) {
    return [];
  }
  const known = kind as PermissionKind;
  return [{ id, kind: known, name: text(field(option, 'name')).trim() || LABELS[known] }];
}

/** A key of an object's own, or undefined: metadata of a message may be anything. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && has(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function has(value: object, name: string): boolean {
  return Object.prototype.hasOwnProperty.call(value, name);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
