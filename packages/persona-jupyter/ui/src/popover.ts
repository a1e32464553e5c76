import React from 'react';

const GAP = 4;
const WIDTH = 340;
const HEIGHT = 560;

/**
 * Shows an element above all others, beside `anchor`, and closes it when the person goes on
 * elsewhere.
 *
 * It stays where it is in the document, so that Tab finds it after its button.
 */
export function usePopover(
  anchor: React.RefObject<HTMLElement>,
  onClose: (focus: boolean) => void
): React.RefObject<HTMLDivElement> {
  const popover = React.useRef<HTMLDivElement>(null);
  const close = React.useRef(onClose);
  close.current = onClose;

  React.useLayoutEffect(() => {
    const element = popover.current;
    if (!element || !anchor.current) {
      return;
    }
    element.setAttribute('popover', 'manual');
    element.showPopover?.();
    const place = () => anchor.current && put(element, anchor.current.getBoundingClientRect());
    const isInside = (target: EventTarget | null) =>
      target instanceof Node && (element.contains(target) || anchor.current?.contains(target));
    const onPointer = (event: Event) => isInside(event.target) || close.current(false);
    // No target means that the browser's window lost it, or that a row was drawn anew.
    const onBlur = (event: FocusEvent) =>
      event.relatedTarget && !isInside(event.relatedTarget) && close.current(false);
    // Keys inside are the menu's own affair; these come when nothing has the keyboard.
    const onKey = (event: KeyboardEvent) =>
      event.key === 'Escape' && event.target === document.body && close.current(true);
    place();
    window.addEventListener('resize', place);
    document.addEventListener('keydown', onKey);
    document.addEventListener('pointerdown', onPointer, true);
    element.addEventListener('focusout', onBlur);
    return () => {
      window.removeEventListener('resize', place);
      document.removeEventListener('keydown', onKey);
      document.removeEventListener('pointerdown', onPointer, true);
      element.removeEventListener('focusout', onBlur);
    };
  }, [anchor]);
  return popover;
}

/** Above the anchor, or below it where there is more room. */
function put(element: HTMLElement, at: DOMRect): void {
  const width = Math.min(WIDTH, window.innerWidth - 2 * GAP);
  const above = at.top - 2 * GAP;
  const below = window.innerHeight - at.bottom - 2 * GAP;
  const isAbove = above >= below;
  const left = Math.max(GAP, Math.min(at.left, window.innerWidth - width - GAP));
  Object.assign(element.style, {
    width: `${width}px`,
    left: `${left}px`,
    maxHeight: `${Math.min(HEIGHT, Math.max(above, below))}px`,
    top: isAbove ? 'auto' : `${at.bottom + GAP}px`,
    bottom: isAbove ? `${window.innerHeight - at.top + GAP}px` : 'auto'
  });
}
