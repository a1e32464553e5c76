"""Agent Skills: catalogue, text on demand, borders, bad ones."""

import pytest

from persona.core import Notice, PersonaContext
from persona.engines.litellm._skills import find_skills


def write(folder, name, text=None, **files):
    skill = folder / name
    skill.mkdir(parents=True)
    default = f"---\nname: {name}\ndescription: About {name}.\n---\nSteps of {name}.\n"
    (skill / "SKILL.md").write_text(text or default, encoding="utf-8")
    for file, content in files.items():
        (skill / f"{file}.md").write_text(content)
    return skill


def read(name, **more):
    return {"name": "read_skill", "arguments": {"name": name, **more}}


async def test_catalogue_is_in_the_prompt_and_text_comes_on_demand(bench, skills_folder):
    write(skills_folder, "cite", extra="Chapter two.")
    bench.llm.on("go").tool_calls([read("cite")]).tool_calls([read("cite", file="extra.md")]).reply(
        "cited"
    )
    context = PersonaContext(skills_paths=[str(skills_folder / "*")])
    assert await bench.ask(bench.persona(context=context), "go") == "cited"
    first, second, third = bench.llm.requests
    assert "cite: About cite." in first.system
    assert "Steps of cite" not in first.text
    assert "Steps of cite" in second.tool_results[-1]
    assert "extra.md" in second.tool_results[-1]
    assert third.tool_results[-1] == "Chapter two."


@pytest.mark.parametrize("pattern", ["*", "", "cite", "cite/SKILL.md", "**/SKILL.md"])
def test_skills_are_found_by_folder_file_or_pattern(skills_folder, pattern):
    write(skills_folder, "cite")
    assert list(find_skills([f"{skills_folder}/{pattern}"]).found) == ["cite"]


async def test_files_outside_of_the_skill_are_refused(bench, skills_folder):
    skill = write(skills_folder, "cite")
    (skills_folder / "secret.txt").write_text("very secret words")
    (skill / "link.txt").symlink_to(skills_folder / "secret.txt")
    bench.llm.on("go").tool_calls(
        [
            read("cite", file="../secret.txt"),
            read("cite", file="link.txt"),
            read("cite", file=str(skills_folder / "secret.txt")),
            read("cite", file="missing.md"),
            read("other"),
        ]
    ).reply("done")
    context = PersonaContext(skills_paths=[str(skills_folder)])
    await bench.ask(bench.persona(context=context), "go")
    results = bench.llm.requests[-1].tool_results
    assert ["outside" in r for r in results] == [True, True, True, False, False]
    assert "cannot be read" in results[3]
    assert "no such skill" in results[4]
    assert "very secret" not in bench.llm.requests[-1].text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("no front matter", "no front matter"),
        ("---\nname: [\n---\n", "not YAML"),
        ("---\n- a\n---\n", "no name"),
        ("---\nname: bad\n---\n", "no description"),
        ("---\nname: Bad Name\ndescription: d\n---\n", "its name must"),
        ("---\n---\n", "no name"),
    ],
)
def test_bad_skill_is_a_problem_and_the_others_work(skills_folder, text, problem):
    write(skills_folder, "bad", text)
    write(skills_folder, "good")
    skills = find_skills([f"{skills_folder}/*"])
    assert list(skills.found) == ["good"]
    (told,) = skills.problems
    assert problem in told


async def test_bad_skill_is_told_in_the_chat(bench, skills_folder):
    write(skills_folder, "bad", "nothing")
    context = PersonaContext(skills_paths=[str(skills_folder)])
    events = await bench.events(bench.persona(context=context))
    assert ["bad" in e.text for e in events if isinstance(e, Notice)] == [True]
    assert bench.llm.requests[-1].tools == []


def test_two_skills_of_one_name_are_told(tmp_path):
    write(tmp_path / "a", "cite")
    write(tmp_path / "b", "cite")
    skills = find_skills([f"{tmp_path}/a/*", f"{tmp_path}/b/*"])
    assert skills.found["cite"].folder == tmp_path / "a" / "cite"
    assert len(skills.problems) == 1


def test_one_skill_found_twice_is_no_problem(skills_folder):
    write(skills_folder, "cite")
    assert find_skills([f"{skills_folder}/*", str(skills_folder)]).problems == ()


def test_skill_in_windows_text_with_unicode(skills_folder):
    text = "\ufeff---\r\nname: cite\r\ndescription: >\r\n  Größe\r\n  zwei\r\n---\r\nText\r\n"
    write(skills_folder, "cite", text)
    assert find_skills([str(skills_folder)]).found["cite"].description == "Größe zwei"


def test_skill_that_models_may_not_call_is_left_out(skills_folder):
    front = "---\nname: x\ndescription: d\ndisable-model-invocation: true\n---\n"
    write(skills_folder, "x", front)
    assert find_skills([str(skills_folder)]).found == {}
