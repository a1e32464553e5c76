import React from 'react';

import { findModels } from './models';
import { Changed } from './picker-parts';

interface IProps {
  model: string | null;
  models: readonly string[];
  changed: boolean;
  onChange(model: string): void;
}

/** The model: a field to search in those that are known, or to write any other. */
export function ModelField({ model, models, changed, onChange }: IProps): JSX.Element {
  const id = React.useId();
  const [text, setText] = React.useState(model ?? '');
  const [open, setOpen] = React.useState(false);
  const [at, setAt] = React.useState(-1);
  // The list is whole until something is written.
  const rows = findModels(text === (model ?? '') ? '' : text, models);
  const list = React.useRef<HTMLUListElement>(null);
  const shown = React.useRef(model ?? '');
  const written = text.trim();

  React.useEffect(() => {
    const [before, now] = [shown.current, model ?? ''];
    shown.current = now;
    // What is being written stays.
    setText(was => (was === before ? now : was));
  }, [model]);
  React.useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const close = (): void => {
    setOpen(false);
    setAt(-1);
  };
  const choose = (chosen: string): void => {
    close();
    setText(chosen);
    if (chosen && chosen !== model) {
      onChange(chosen);
    }
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        const isDown = event.key === 'ArrowDown';
        const next = isDown ? at + 1 : Math.max(at, 0) - 1;
        setOpen(true);
        setAt(rows.length ? (next + rows.length) % rows.length : -1);
        break;
      }
      case 'Enter':
        choose((open && rows[at]) || written);
        break;
      case 'Escape':
        if (!open) {
          return; // the menu closes
        }
        close();
        setText(model ?? '');
        event.stopPropagation();
        break;
      default:
        return;
    }
    event.preventDefault();
  };

  return (
    <div className="persona-Picker-field">
      <label htmlFor={id}>Model</label>
      {changed && <Changed />}
      <div className="persona-Picker-model">
        <input
          id={id}
          type="text"
          role="combobox"
          aria-expanded={open && rows.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={open && at >= 0 ? `${id}-${at}` : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder="the engine's own; write or choose one"
          value={text}
          onChange={event => {
            setText(event.target.value);
            setOpen(true);
            setAt(-1);
          }}
          onClick={() => setOpen(true)}
          onBlur={close}
          onKeyDown={onKeyDown}
        />
        <ul
          id={`${id}-list`}
          ref={list}
          role="listbox"
          aria-label="Known models"
          hidden={!open || rows.length === 0}
        >
          {rows.map((row, index) => (
            <li
              key={row}
              id={`${id}-${index}`}
              role="option"
              aria-selected={row === model}
              className={index === at ? 'persona-mod-active' : undefined}
              // Before the field loses the keyboard.
              onMouseDown={event => {
                event.preventDefault();
                choose(row);
              }}
            >
              {row}
            </li>
          ))}
        </ul>
        {written !== '' && written !== model && (
          <span className="persona-Picker-hint">Press Enter to take what is written.</span>
        )}
      </div>
    </div>
  );
}
