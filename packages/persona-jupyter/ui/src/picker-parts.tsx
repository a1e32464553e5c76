import React from 'react';

/** Something that has a state and tells of its changes. */
export interface IStore<T> {
  readonly state: T;
  subscribe(listener: () => void): () => void;
}

/** The state of a store, drawn again at each change. */
export function useStore<T>(store: IStore<T>): T {
  return React.useSyncExternalStore(
    React.useCallback(listener => store.subscribe(listener), [store]),
    () => store.state
  );
}

/** Stands where a picture would be. */
export function NoOne(): JSX.Element {
  return (
    <span className="persona-Avatar persona-mod-none" aria-hidden="true">
      –
    </span>
  );
}

/** Says that a value is not that of the persona's file. */
export function Changed(): JSX.Element {
  return <span className="persona-Picker-changed"> changed here</span>;
}
