"""What axe finds in our own elements, in both themes."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .chat import ChatPage

_OURS = "[class*='persona-']"
_WITH_OURS = f"{_OURS}, [role=option]:has(> .persona-Avatar)"
_RUN = """async ([context, options]) => {
    const found = await axe.run(context, options);
    const ours = node => {
        const path = node.target.flat();
        const element = document.querySelector(path[path.length - 1]);
        return element ? element.closest(options.ours) !== null : true;
    };
    return found.violations
        .filter(({impact}) => impact === 'serious' || impact === 'critical')
        .flatMap(({id, impact, help, nodes}) => nodes.filter(ours).map(node =>
            `${id} (${impact}): ${help}\\n  ${node.html.slice(0, 300)}\\n  ` +
            [...node.any, ...node.all, ...node.none].map(({message}) => message).join('\\n  ')
        ));
}"""


_SETTLED = """() => Promise.all(
    document.getAnimations()
        .filter(animation => animation instanceof CSSTransition)
        .map(transition => transition.finished.catch(() => undefined))
)"""


def findings(page: Page, *parts: str) -> list[str]:
    """Return what is serious or critical in our elements that the page shows now.

    Args:
        page: The page; axe is put into it once.
        parts: Selectors of what must be there; all that is ours is looked at.
    """
    for part in parts:
        expect(page.locator(part).first).to_be_visible()
    if page.evaluate("typeof window.axe") == "undefined":
        page.evaluate(Axe().axe_script)
        # JupyterLab's body has no height of its own: axe would take all in it for hidden, and
        # look at no contrast.
        page.evaluate("document.body.style.minHeight = '100vh'")
    page.evaluate(_SETTLED)  # colours on their way to the other theme have no contrast yet
    options = {"resultTypes": ["violations"], "ours": _WITH_OURS}
    shown = [selector for selector in _WITH_OURS.split(", ") if page.locator(selector).count()]
    return list(page.evaluate(_RUN, [{"include": [[selector] for selector in shown]}, options]))


def see(chat: ChatPage, view: str, *parts: str) -> None:
    """Look at a view in both themes, and keep screenshots.

    Raises:
        AssertionError: There is a serious or critical finding in our elements.
    """
    found = []
    for scheme in ("light", "dark"):
        chat.scheme(scheme)
        found += [f"{view}, {scheme}: {finding}" for finding in findings(chat.page, *parts)]
        chat.picture(view if scheme == "light" else f"{view}-dark")
    chat.scheme("light")
    assert not found, "\n".join(found)
