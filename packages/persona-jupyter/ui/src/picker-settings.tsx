import React from 'react';

import type { IOption, IPickerPersona } from './block-client';
import { ModelField } from './model-field';
import { Changed, useStore } from './picker-parts';
import type { PickerStore } from './picker-store';
import { usageFacts } from './reply-facts';

interface IProps {
  store: PickerStore;
  persona: IPickerPersona;
}

/** Engine, model and options of one persona in this chat. */
export function PersonaSettings({ store, persona }: IProps): JSX.Element | null {
  const { choices, busy } = useStore(store);
  const first = React.useRef<HTMLSelectElement>(null);
  const { slug, name, changed = {} } = persona;
  if (choices?.slug !== slug) {
    return null;
  }
  const { engine, engines, model, models, options, usage } = choices.values;
  const change = (path: string, value: unknown) => void store.change(slug, { [path]: value });
  const takeBack = async (): Promise<void> => {
    await store.reset(slug);
    // The button is gone then: keep the keyboard in the menu.
    first.current?.focus();
  };
  // The modes first: they decide the most.
  const shown = options
    .filter(({ choices: known }) => known.length > 0)
    .sort((a, b) => Number(isMode(b)) - Number(isMode(a)));
  return (
    <fieldset className="persona-Picker-settings">
      <legend>{`${name} in this chat`}</legend>
      <Choice
        label="Engine"
        inputRef={first}
        value={engine}
        changed={'engine' in changed}
        choices={engines.map(({ id, distribution }) => ({ id, name: id, hint: distribution }))}
        onChange={id => change('engine', id)}
      />
      <ModelField
        model={model}
        models={models}
        changed={'model.model_id' in changed}
        onChange={id => change('model.model_id', id)}
      />
      {shown.map(option => (
        <Choice
          key={option.key}
          label={label(option)}
          hint={option.description}
          value={option.value === null ? '' : String(option.value)}
          changed={option.changed}
          choices={option.choices}
          onChange={id => change(`options.${option.key}`, id === '' ? null : id)}
        />
      ))}
      <Usage usage={usage} />
      {Object.keys(changed).length > 0 && (
        <button
          type="button"
          className="persona-Picker-action"
          aria-disabled={busy}
          title={`Changed in this chat: ${Object.keys(changed).join(', ')}`}
          onClick={() => busy || void takeBack()}
        >
          Reset changes
        </button>
      )}
    </fieldset>
  );
}

/** What the persona's replies in this chat took, if that is known. */
function Usage({ usage }: { usage: unknown }): JSX.Element | null {
  const facts = usageFacts(usage);
  return facts.length ? (
    <p className="persona-Picker-usage" role="note" aria-label="Used in this chat">
      <span>Used here:</span>
      {facts.map(({ text, hint }) => (
        <span key={text} title={hint}>
          {text}
        </span>
      ))}
    </p>
  ) : null;
}

interface IChoiceProps {
  label: string;
  value: string;
  choices: readonly { id: string; name: string; hint?: string }[];
  changed: boolean;
  hint?: string;
  inputRef?: React.Ref<HTMLSelectElement>;
  onChange(id: string): void;
}

/** One setting with a few values. */
function Choice(props: IChoiceProps): JSX.Element {
  const { value, choices } = props;
  const id = React.useId();
  // What is set may be none of what is offered: it is shown all the same.
  const isKnown = choices.some(({ id }) => id === value);
  return (
    <div className="persona-Picker-field" title={props.hint || undefined}>
      <label htmlFor={id}>{props.label}</label>
      {props.changed && <Changed />}
      <select
        id={id}
        ref={props.inputRef}
        value={value}
        onChange={event => props.onChange(event.target.value)}
      >
        {!isKnown && <option value={value}>{value || 'default'}</option>}
        {choices.map(({ id: key, name, hint }) => (
          <option key={key} value={key} title={hint}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

function isMode({ key }: IOption): boolean {
  return key === 'mode' || key === 'config.mode';
}

function label({ key }: IOption): string {
  const word = key.slice(key.lastIndexOf('.') + 1).replace(/[_-]+/g, ' ');
  return word.charAt(0).toUpperCase() + word.slice(1);
}
