"""Tests of what the tutor does by itself. Run them with `pytest` in this folder."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location(
    "tutor_persona", Path(__file__).with_name("tutor_persona.py")
)
tutor = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = tutor
_spec.loader.exec_module(tutor)

ODD_TOPICS = [
    "../../etc/passwd",
    "..\\..\\windows",
    "/absolute",
    "con",
    ".hidden",
    "a\x00b",
    "C++ / C#: \"pointers\" & 'refs'",
    "quote\\' + __import__('os').system('x') + '",
    "Линейная алгебра",
    "線形代数",
    "🎉🎉",
    "x" * 120,
    "é" * 120,
    "e\u0301te\u0301",
    "\u202egnp.exe",
    '""twice quoted""',
    "${HOME} `date` {topic}",
]


def code_of(file: Path) -> str:
    return "".join(json.loads(file.read_text(encoding="utf-8"))["cells"][0]["source"])


def topic_line(file: Path) -> str:
    return next(line for line in code_of(file).splitlines() if line.startswith("TOPIC"))


@pytest.mark.parametrize(
    ("text", "name", "topic"),
    [
        ("new linear algebra", "new", "linear algebra"),
        ("NEW  Linear\n algebra ", "new", "Linear algebra"),
        ('new "quoted"', "new", "quoted"),
        ("new", "new", ""),
        ("list", "list", ""),
        ("List.", "list", ""),
        ("help!", "help", ""),
        ("", "help", ""),
        ("list the primes below ten", "ask", ""),
        ("help me with this proof", "ask", ""),
        ("newton's method?", "ask", ""),
    ],
)
def test_commands_are_told_from_questions(text, name, topic):
    assert tutor.parse(text) == tutor.Command(name, topic)


def test_a_new_lesson_names_its_topic_and_keeps_the_rest(tmp_path):
    lesson = tutor.make_lesson("linear maps", tmp_path)
    assert lesson.is_new
    assert lesson.file == tmp_path / "lesson-linear-maps.ipynb"
    assert topic_line(lesson.file) == "TOPIC = 'linear maps'"
    made = json.loads(lesson.file.read_text(encoding="utf-8"))
    template = json.loads(tutor.TEMPLATE.read_text(encoding="utf-8"))
    assert made["cells"][1:] == template["cells"][1:]
    assert made["metadata"] == template["metadata"]


@pytest.mark.parametrize("said", ODD_TOPICS)
def test_a_lesson_of_an_odd_topic_stays_in_its_folder_and_is_valid_python(said, tmp_path):
    folder = tmp_path / "chats"
    folder.mkdir()
    topic = tutor.parse(f"new {said}").topic
    lesson = tutor.make_lesson(topic, folder)
    assert lesson.is_new
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [lesson.file]
    assert lesson.file.parent == folder
    assert len(lesson.file.name.encode()) < 120
    names = {}
    exec(topic_line(lesson.file), names)
    assert names["TOPIC"] == topic
    assert tutor.find_lessons(folder) == ([tutor.Lesson(lesson.file, lesson.topic)], 0)


def test_an_existing_lesson_is_never_overwritten(tmp_path):
    first = tutor.make_lesson("sets", tmp_path).file
    first.write_text(first.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    before = first.read_bytes()
    assert tutor.make_lesson("sets", tmp_path) == tutor.Lesson(first, "sets")
    assert first.read_bytes() == before


def test_a_foreign_file_of_that_name_is_left_alone(tmp_path):
    (tmp_path / "lesson-sets.ipynb").write_text("not a notebook", encoding="utf-8")
    lesson = tutor.make_lesson("sets", tmp_path)
    assert lesson.file.name == "lesson-sets-2.ipynb"
    assert (tmp_path / "lesson-sets.ipynb").read_text(encoding="utf-8") == "not a notebook"


def test_two_topics_of_one_name_get_two_lessons(tmp_path):
    assert tutor.make_lesson("C", tmp_path).file.name == "lesson-c.ipynb"
    assert tutor.make_lesson("C++", tmp_path).file.name == "lesson-c-2.ipynb"
    assert tutor.make_lesson("C++", tmp_path).is_new is False


@pytest.mark.parametrize("topic", ["", "x" * 121])
def test_a_topic_that_is_none_is_refused_in_words(topic, tmp_path):
    with pytest.raises(tutor.TutorError, match="topic"):
        tutor.make_lesson(topic, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told_in_words(tmp_path):
    with pytest.raises(tutor.TutorError, match="could not make"):
        tutor.make_lesson("sets", tmp_path / "gone")


def test_a_template_without_a_topic_line_is_told_in_words():
    with pytest.raises(tutor.TutorError, match="TOPIC"):
        tutor.with_topic({"cells": [{"cell_type": "markdown", "source": "TOPIC = 1"}]}, "x")


def test_broken_notebooks_are_listed_by_their_names(tmp_path):
    (tmp_path / "lesson-odd.ipynb").write_text("{", encoding="utf-8")
    (tmp_path / "lesson-list.ipynb").write_text("[]", encoding="utf-8")
    (tmp_path / "other.ipynb").write_text("{}", encoding="utf-8")
    (tmp_path / "lesson-folder.ipynb").mkdir()
    lessons, more = tutor.find_lessons(tmp_path)
    assert ([lesson.topic for lesson in lessons], more) == (["lesson-list", "lesson-odd"], 0)


def test_a_long_list_is_cut(tmp_path):
    for number in range(tutor.MOST_LESSONS + 3):
        (tmp_path / f"lesson-{number}.ipynb").touch()
    lessons, more = tutor.find_lessons(tmp_path)
    assert (len(lessons), more) == (tutor.MOST_LESSONS, 3)


def test_a_link_leads_to_the_notebook_in_jupyterlab(tmp_path):
    file = tmp_path / "my chats" / "lesson-a_b.ipynb"
    shown = tutor.link(file, tmp_path, "/user/x/")
    assert shown.endswith("](/user/x/lab/tree/my%20chats/lesson-a_b.ipynb)")
