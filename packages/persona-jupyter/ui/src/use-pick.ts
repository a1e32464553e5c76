import type { IChatModel, IInputModel } from '@jupyter/chat';
import React from 'react';

import { NO_ONE, isCalled } from './answering';
import type { IPickerCatalog } from './block-client';
import { isHere } from './matching';
import { field } from './permission';
import type { PickMemory } from './pick-memory';

/** Takes the pick of before the reload up again, once; one that is not here any more is dropped. */
export function usePickKept(
  input: IInputModel,
  chat: IChatModel,
  catalog: IPickerCatalog | undefined,
  memory: PickMemory
): void {
  const [ready, setReady] = React.useState(false);
  const done = React.useRef(false);
  React.useEffect(() => {
    let here = true;
    void chat.ready.then(() => here && setReady(true));
    return () => {
      here = false;
    };
  }, [chat]);
  React.useEffect(() => {
    if (done.current || !catalog || !ready || !chat.id) {
      return;
    }
    done.current = true;
    const kept = memory.read(chat.id, own(chat));
    if (kept === undefined || field(input.getMetadata?.(), 'to') !== undefined) {
      return;
    }
    const here = catalog.personas.filter(isHere);
    if (kept === NO_ONE || here.some(persona => isCalled(persona, kept))) {
      input.updateMetadata?.({ to: kept });
    } else {
      memory.keep(chat.id, own(chat), undefined);
    }
  }, [input, chat, catalog, ready, memory]);
}

/** Who sits here. */
export function own(chat: IChatModel): string {
  return chat.user?.username ?? '';
}
