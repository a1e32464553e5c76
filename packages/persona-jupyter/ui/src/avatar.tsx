import React from 'react';

import { initials } from './matching';
import type { IPersona } from './types';

/** The picture of a persona in the menu; its initials when there is none or it does not load. */
export function Avatar({ persona }: { persona: IPersona }): JSX.Element {
  const [failed, setFailed] = React.useState(false);
  if (persona.avatar_url && !failed) {
    return (
      <img
        className="persona-Avatar"
        src={persona.avatar_url}
        alt=""
        onError={() => setFailed(true)}
      />
    );
  }
  return (
    <span className="persona-Avatar" aria-hidden="true">
      {initials(persona.name)}
    </span>
  );
}
