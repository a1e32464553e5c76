/** Tool calls, plans and thoughts, as the server notes them in a message's metadata. */

import { field } from './permission';

/** Where a call stands; `unfinished`: nothing more will be heard of it. */
export type CallStatus = 'pending' | 'in_progress' | 'completed' | 'failed' | 'unfinished';

export type StepStatus = 'pending' | 'in_progress' | 'completed';

export interface IPlace {
  path: string;
  line?: number;
  /** Path below the server's root; undefined if it lies elsewhere. */
  open?: string;
}

export interface IDiff extends IPlace {
  isNew: boolean;
  added: number;
  removed: number;
  lines: string[];
  /** Lines that are not told. */
  hidden: number;
}

/** What sort of tool a call is of, in ACP's words; `other` also where nobody tells. */
export const CALL_KINDS = [
  'read',
  'edit',
  'delete',
  'move',
  'search',
  'execute',
  'think',
  'fetch',
  'switch_mode',
  'other'
] as const;

export type CallKind = (typeof CALL_KINDS)[number];

export interface ICall {
  id: string;
  title: string;
  kind: CallKind;
  status: CallStatus;
  server: string;
  input: string;
  output: string;
  diffs: IDiff[];
  locations: IPlace[];
  /** How much of each is not told. */
  hidden: { input: number; output: number; diffs: number; locations: number };
}

export interface IStep {
  content: string;
  status: StepStatus;
}

export type Report =
  | { kind: 'tools'; calls: ICall[] }
  | { kind: 'plan'; steps: IStep[] }
  | { kind: 'thought'; text: string; title: string; hidden: number };

/** More than the server tells: a chat file may hold anything. */
const MOST = 100;
const LONGEST = 24_000;

const STATUS: readonly string[] = ['pending', 'in_progress', 'completed', 'failed'];

/** Whether a message may hold a report; cheap, as every message is asked again and again. */
export function mayReport(metadata: unknown): boolean {
  const kind = field(field(metadata, 'persona'), 'kind');
  return kind === 'tools' || kind === 'plan' || kind === 'thought';
}

/** The report that a message holds; undefined if it holds none that can be drawn. */
export function readReport(metadata: unknown): Report | undefined {
  const note = field(metadata, 'persona');
  const runs = field(note, 'state') === 'writing';
  switch (field(note, 'kind')) {
    case 'tools': {
      const calls = list(field(note, 'calls'), call => readCall(call, runs));
      return calls.length ? { kind: 'tools', calls } : undefined;
    }
    case 'plan': {
      const steps = list(field(note, 'plan'), readStep);
      return steps.length ? { kind: 'plan', steps } : undefined;
    }
    case 'thought':
      return readThought(field(note, 'thought'), runs);
    default:
      return undefined;
  }
}

/** The arguments of a call by name; undefined if they were cut or are no object. */
export function readArguments(input: string): [string, string][] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(input);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return undefined;
  }
  return Object.entries(value).map(([name, given]) => [
    name,
    typeof given === 'string' ? given : JSON.stringify(given, null, 1)
  ]);
}

function readCall(call: unknown, runs: boolean): ICall | undefined {
  const id = field(call, 'id');
  const told = field(call, 'status');
  if (typeof id !== 'string' || typeof told !== 'string' || !STATUS.includes(told)) {
    return undefined;
  }
  const over = told === 'completed' || told === 'failed';
  const hidden = field(call, 'hidden');
  return {
    id,
    title: text(field(call, 'title')) || 'a tool',
    kind: CALL_KINDS.find(kind => kind === field(call, 'kind')) ?? 'other',
    status: over || runs ? (told as CallStatus) : 'unfinished',
    server: text(field(call, 'server')),
    input: text(field(call, 'input')),
    output: text(field(call, 'output')),
    diffs: list(field(call, 'diffs'), readDiff),
    locations: list(field(call, 'locations'), readPlace),
    hidden: {
      input: count(field(hidden, 'input')),
      output: count(field(hidden, 'output')),
      diffs: count(field(hidden, 'diffs')),
      locations: count(field(hidden, 'locations'))
    }
  };
}

function readDiff(diff: unknown): IDiff | undefined {
  const place = readPlace(diff);
  const lines = text(field(diff, 'text'));
  return (
    place && {
      ...place,
      isNew: field(diff, 'is_new') === true,
      added: count(field(diff, 'added')),
      removed: count(field(diff, 'removed')),
      lines: lines ? lines.split('\n').slice(0, 10 * MOST) : [],
      hidden: count(field(diff, 'hidden'))
    }
  );
}

function readPlace(place: unknown): IPlace | undefined {
  const path = text(field(place, 'path'));
  const line = count(field(place, 'line'));
  const open = text(field(place, 'open'));
  return path ? { path, ...(line ? { line } : {}), ...(open ? { open } : {}) } : undefined;
}

function readStep(step: unknown): IStep | undefined {
  const content = text(field(step, 'content'));
  const told = field(step, 'status');
  const status = told === 'completed' || told === 'in_progress' ? told : 'pending';
  return content ? { content, status } : undefined;
}

function readThought(thought: unknown, runs: boolean): Report | undefined {
  const told = text(field(thought, 'text'));
  const seconds = field(thought, 'seconds');
  if (!told.trim()) {
    return undefined;
  }
  let title = runs ? 'Thinking…' : 'Thought';
  if (typeof seconds === 'number' && seconds >= 0 && Number.isFinite(seconds)) {
    title = `Thought ${duration(Math.round(seconds))}`;
  }
  return { kind: 'thought', text: told, title, hidden: count(field(thought, 'hidden')) };
}

function duration(seconds: number): string {
  if (seconds < 1) {
    return 'briefly';
  }
  const minutes = Math.floor(seconds / 60);
  return minutes ? `for ${minutes} min ${seconds % 60} s` : `for ${seconds} s`;
}

function list<T>(value: unknown, read: (item: unknown) => T | undefined): T[] {
  const items = Array.isArray(value) ? value.slice(0, MOST) : [];
  return items.flatMap(item => read(item) ?? []);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, LONGEST) : '';
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.floor(value) : 0;
}
