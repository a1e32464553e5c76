import React from 'react';

import type { FileOpener } from './file-opener';
import { KindIcon } from './kind-icon';
import type { OpenStates } from './open-states';
import { ICall, IDiff, IPlace, readArguments } from './report';
import { Block, Fold, notShown, StatusIcon, useOpen, WORDS } from './report-parts';

/** One tool call: a line that says where it stands, and what it was about when that is opened. */
export function Call(props: {
  call: ICall;
  name: string;
  states: OpenStates;
  files: FileOpener;
}): JSX.Element {
  const { call, name, states, files } = props;
  const [open, setOpen] = useOpen(states, name);
  const [added, removed] = [sum(call.diffs, 'added'), sum(call.diffs, 'removed')];
  const line = (
    <>
      <StatusIcon status={call.status} />
      <KindIcon kind={call.kind} />
      <span className="persona-Report-title">
        {call.title}
        {call.server && <span className="persona-Report-server">{` · ${call.server}`}</span>}
      </span>
      {added + removed > 0 && (
        <span className="persona-Report-count" title={`${added} lines added, ${removed} removed`}>
          {`+${added} −${removed}`}
        </span>
      )}
      <span className="persona-Report-status">{WORDS[call.status]}</span>
    </>
  );
  if (!call.input && !call.output && !call.diffs.length && !call.locations.length) {
    return <li className="persona-Report-row persona-mod-plain">{line}</li>;
  }
  return (
    <li>
      <Fold open={open} onToggle={setOpen} onFocus={() => states.set(name, states.get(name))}>
        {line}
      </Fold>
      {open && <Details call={call} files={files} />}
    </li>
  );
}

function Details({ call, files }: { call: ICall; files: FileOpener }): JSX.Element {
  const [told, setTold] = React.useState('');
  const open = async (place: IPlace): Promise<void> => {
    setTold('');
    if (!(await files.open(place))) {
      setTold(`${place.path} cannot be opened: it is not there, or hidden.`);
    }
  };
  const changed = new Set(call.diffs.map(({ path }) => path));
  const places = call.locations.filter(({ path, line }) => line || !changed.has(path));
  const given = call.input ? readArguments(call.input) : [];
  return (
    <div className="persona-Report-details">
      {places.length > 0 && (
        <p className="persona-Report-places">
          {places.map((place, index) => (
            <Place key={index} place={place} onOpen={open} />
          ))}
          {notShown(call.hidden.locations, 'place')}
        </p>
      )}
      <div role="status">{told && <p>{told}</p>}</div>
      {call.diffs.map((diff, index) => (
        <Change key={index} diff={diff} onOpen={open} />
      ))}
      {call.hidden.diffs > 0 && <p>{notShown(call.hidden.diffs, 'changed file')}</p>}
      {call.input && (
        <>
          <p>Input</p>
          {given?.length ? (
            <Block label="Input">
              {given.map(([key, value]) => (
                <div key={key}>
                  <b>{`${key}:`}</b>
                  {value.includes('\n') ? `\n${value}` : ` ${value}`}
                </div>
              ))}
            </Block>
          ) : (
            <Block label="Input" hidden={notShown(call.hidden.input, 'character')}>
              {call.input}
            </Block>
          )}
        </>
      )}
      {call.output && (
        <>
          <p>Output</p>
          <Block label="Output" hidden={notShown(call.hidden.output, 'character')}>
            {call.output}
          </Block>
        </>
      )}
    </div>
  );
}

function Change(props: { diff: IDiff; onOpen: (place: IPlace) => Promise<void> }): JSX.Element {
  const { diff, onOpen } = props;
  return (
    <>
      <p className="persona-Report-places">
        <Place place={diff} onOpen={onOpen} />
        <span className="persona-Report-count">
          {`${diff.isNew ? 'new file, ' : ''}+${diff.added} −${diff.removed}`}
        </span>
      </p>
      {diff.lines.length > 0 && (
        <Block
          label={`Changes of ${diff.path}`}
          className="persona-mod-diff"
          hidden={notShown(diff.hidden, 'line')}
        >
          {diff.lines.map((line, index) => (
            <span key={index} className={MARKS[line.charAt(0)]}>{`${line}\n`}</span>
          ))}
        </Block>
      )}
    </>
  );
}

const MARKS: Record<string, string | undefined> = {
  '+': 'persona-mod-added',
  '-': 'persona-mod-removed',
  '@': 'persona-mod-where'
};

function Place(props: { place: IPlace; onOpen: (place: IPlace) => Promise<void> }): JSX.Element {
  const { place, onOpen } = props;
  const text = place.line ? `${place.path}:${place.line}` : place.path;
  if (!place.open) {
    return <span className="persona-Report-place">{text}</span>;
  }
  return (
    <button
      type="button"
      className="persona-Report-place"
      title={`Open ${place.open}`}
      onClick={() => void onOpen(place)}
    >
      {text}
    </button>
  );
}

function sum(diffs: readonly IDiff[], what: 'added' | 'removed'): number {
  return diffs.reduce((total, diff) => total + diff[what], 0);
}
