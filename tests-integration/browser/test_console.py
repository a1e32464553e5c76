"""The tests see what our extension says on the console, and what fails in it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route

from .chat import ChatPage
from .lab import poll
from .project import Project

in_one_mode = pytest.mark.parametrize("mode", ["websocket"], indirect=True, scope="session")

PLANTED = """
console.error('planted: an error');
console.warn('planted: a warning');
setTimeout(() => { throw new Error('planted: thrown'); });
Promise.reject(new Error('planted: rejected'));
fetch('/api/personas/planted');
console.log('planted: nothing to complain of');
"""


@in_one_mode
def test_every_kind_of_fault_in_our_extension_is_a_complaint(
    chat: ChatPage, project: Project
) -> None:
    def plant(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=response.text() + PLANTED)

    chat.page.route("**/extensions/persona-jupyter/static/remoteEntry*", plant)
    # What others say is theirs.
    chat.page.add_init_script("console.error('said by somebody else');")
    chat.open(project.chat_path)
    poll(lambda: len(chat.complaints) >= 5, "the complaints")
    told = "\n".join(chat.complaints)
    for what in ("an error", "a warning", "thrown", "rejected"):
        assert f"planted: {what}" in told
    assert "api/personas/planted" in told  # the browser's own word on a refused request
    assert "nothing to complain of" not in told and "somebody else" not in told
    chat.complaints.clear()
