from persona.testing import Gate
import pathlib
def test_explore(chat, project, llm, mode):
    project.persona("Researcher", "RESEARCH")
    gate = Gate(after="one ")
    llm.on("hello").reply("one **two** three", pause=gate)
    chat.open(project.chat_path)
    chat.pick("@re", "@Researcher")
    chat.type("hello")
    chat.press_send()
    gate.wait_reached()
    chat.body("one").first.wait_for()
    pathlib.Path(f"/tmp/bh/{mode}.html").write_text(chat.page.locator(".jp-chat-messages-container, .jp-chat-widget").first.evaluate("e=>e.outerHTML"))
    chat.picture("mid", dark=True)
    gate.release()
    chat.body("three").first.wait_for()
