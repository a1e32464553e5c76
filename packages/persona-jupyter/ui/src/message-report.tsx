import type { IMessagePreambleProps } from '@jupyter/chat';
import React from 'react';

import type { FileOpener } from './file-opener';
import { OpenStates } from './open-states';
import { ICall, IStep, mayReport, readReport, StepStatus } from './report';
import { Call } from './report-call';
import { Block, Fold, notShown, StatusIcon, useOpen } from './report-parts';

/** How many calls of one message are shown without asking. */
const SHOWN = 5;

const STEPS: Record<StepStatus, string> = {
  pending: 'To do',
  in_progress: 'In progress',
  completed: 'Done'
};

/**
 * Make what draws tool calls, plans and thoughts from a message's metadata.
 *
 * It stands before the Markdown of the message, which CSS hides only where this was drawn.
 * That Markdown is made anew at each update, so nothing in it can stay open.
 */
export function messageReport(files: FileOpener): React.FunctionComponent<IMessagePreambleProps> {
  const states = new OpenStates();
  // All messages are drawn again with each new one: only what has changed costs anything.
  const Drawn = React.memo(function Drawn(props: { id: string; metadata: unknown }) {
    const report = readReport(props.metadata);
    switch (report?.kind) {
      case 'tools':
        return <Calls calls={report.calls} id={props.id} states={states} files={files} />;
      case 'plan':
        return <Plan steps={report.steps} id={props.id} states={states} />;
      case 'thought':
        return <Thought {...report} id={props.id} states={states} />;
      default:
        return null;
    }
  });
  return function MessageReport({ message }: IMessagePreambleProps): JSX.Element | null {
    if (message.deleted || !mayReport(message.metadata)) {
      return null;
    }
    return <Drawn id={message.id} metadata={message.metadata} />;
  };
}

function Calls(props: {
  calls: ICall[];
  id: string;
  states: OpenStates;
  files: FileOpener;
}): JSX.Element {
  const { calls, id, states, files } = props;
  const [all, setAll] = useOpen(states, id);
  const name = (call: ICall): string => `${id}/${call.id}`;
  // What runs, failed, or somebody has been at stays in sight.
  const folds = (call: ICall): boolean =>
    call.status === 'completed' && !states.touched(name(call));
  const early = calls.slice(0, -SHOWN).filter(folds);
  const left = new Set(all || early.length < 2 ? [] : early);
  return (
    <div className="persona-Report" role="group" aria-label="Tool calls">
      {(all || left.size > 0) && (
        <Fold open={all} onToggle={setAll}>
          <span className="persona-Report-title">
            {all ? 'All calls' : `${left.size} earlier calls`}
          </span>
        </Fold>
      )}
      <ul>
        {calls
          .filter(call => !left.has(call))
          .map(call => (
            <Call key={call.id} call={call} name={name(call)} states={states} files={files} />
          ))}
      </ul>
    </div>
  );
}

function Plan(props: { steps: IStep[]; id: string; states: OpenStates }): JSX.Element {
  const { steps, id, states } = props;
  const [open, setOpen] = useOpen(states, id, true);
  const done = steps.filter(({ status }) => status === 'completed').length;
  return (
    <div className="persona-Report" role="group" aria-label="Plan">
      <Fold open={open} onToggle={setOpen}>
        <span className="persona-Report-title">Plan</span>
        <span className="persona-Report-status">{`${done} of ${steps.length} done`}</span>
      </Fold>
      {open && (
        <ol className="persona-Report-plan">
          {steps.map(({ content, status }, index) => (
            <li key={index} className="persona-Report-row persona-mod-plain">
              <StatusIcon status={status} />
              <span className="persona-Report-title">{content}</span>
              <span className="persona-Report-status">{STEPS[status]}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

function Thought(props: {
  title: string;
  text: string;
  hidden: number;
  id: string;
  states: OpenStates;
}): JSX.Element {
  const [open, setOpen] = useOpen(props.states, props.id);
  return (
    <div className="persona-Report" role="group" aria-label="Thoughts">
      <Fold open={open} onToggle={setOpen}>
        <span className="persona-Report-title persona-mod-quiet">{props.title}</span>
      </Fold>
      {open && (
        <div className="persona-Report-details">
          <Block
            label="Thoughts"
            className="persona-mod-prose"
            hidden={notShown(props.hidden, 'character')}
          >
            {props.text}
          </Block>
        </div>
      )}
    </div>
  );
}
