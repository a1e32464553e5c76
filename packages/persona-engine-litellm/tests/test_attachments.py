"""Files of the chat as the model gets them."""

import base64

import nbformat
import pytest
from jupyterlab_chat.models import FileAttachment

from persona.core import Notice

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)


@pytest.fixture
def image(bench):
    (bench.root / "plot.png").write_bytes(PNG)
    return FileAttachment(value="plot.png", type="file", mimetype="image/png")


async def test_text_file_is_sent_with_its_name(bench):
    (bench.root / "notes.txt").write_text("water boils at 100")
    await bench.ask(bench.persona(), "read", [FileAttachment(value="notes.txt", type="file")])
    sent = bench.llm.requests[-1].user_text
    assert sent.startswith("Ada: read")
    assert '"notes.txt"' in sent
    assert "water boils at 100" in sent


async def test_file_stays_known_in_later_turns(bench):
    (bench.root / "notes.txt").write_text("water boils at 100")
    persona = bench.persona()
    await bench.ask(persona, "read", [FileAttachment(value="notes.txt", type="file")])
    await bench.ask(persona, "and now?")
    assert "water boils at 100" in bench.llm.requests[-1].text


async def test_notebook_is_sent_as_readable_text(bench):
    cell = nbformat.v4.new_code_cell("print(6 * 7)")
    cell.outputs = [nbformat.v4.new_output("stream", text="42\n")]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title"), cell])
    nbformat.write(notebook, bench.root / "work.ipynb")
    await bench.ask(bench.persona(), "read", [FileAttachment(value="work.ipynb", type="file")])
    sent = bench.llm.requests[-1].user_text
    assert "# Title" in sent
    assert "print(6 * 7)" in sent
    assert "42" in sent
    assert "nbformat" not in sent


@pytest.mark.parametrize(
    ("model_id", "options"), [("openai/gpt-4o", {}), ("openai/scripted", {"vision": True})]
)
async def test_image_is_sent_to_a_model_that_sees(bench, image, model_id, options):
    await bench.ask(bench.persona(model_id=model_id, options=options), "look", [image])
    (url,) = bench.llm.requests[-1].images
    assert url == "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert bench.llm.requests[-1].user_text.startswith("Ada: look")


@pytest.mark.parametrize(
    ("model_id", "options"), [("openai/scripted", {}), ("openai/gpt-4o", {"vision": False})]
)
async def test_image_is_not_sent_to_a_blind_model_and_the_user_is_told(
    bench, image, model_id, options
):
    await bench.ask(bench.persona(model_id=model_id, options=options), "look", [image])
    assert bench.llm.requests[-1].images == []
    assert "plot.png was not sent" in bench.llm.requests[-1].user_text
    assert any("vision: true" in body for body in bench.chat.bodies)


async def test_notice_about_an_image_comes_once(bench, image):
    persona = bench.persona()
    await bench.ask(persona, "look", [image])
    assert not [e for e in await bench.events(persona, "go on") if isinstance(e, Notice)]


async def test_file_that_cannot_be_read_is_told_to_both(bench):
    (bench.root / "data.bin").write_bytes(b"\0\1\2")
    await bench.ask(bench.persona(), "read", [FileAttachment(value="data.bin", type="file")])
    assert "data.bin is not a text file" in bench.llm.requests[-1].user_text
    assert any("data.bin is not a text file" in body for body in bench.chat.bodies[1:])


async def test_file_outside_of_the_server_is_not_sent(bench, tmp_path_factory):
    secret = tmp_path_factory.mktemp("other") / "secret.txt"
    secret.write_text("very secret words")
    (bench.root / "link.txt").symlink_to(secret)
    await bench.ask(bench.persona(), "read", [FileAttachment(value="link.txt", type="file")])
    assert "very secret words" not in bench.llm.requests[-1].text
