"""Every check of the project, each in an environment of its own.

`nox --list` shows the sessions, `nox -s "tests(package='persona-core')"` runs one; what follows
`--` goes to pytest. Without arguments the default sessions run, those that fail early first.
"""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nox

ROOT = Path(__file__).parent
PACKAGES = sorted(path.parent.name for path in ROOT.glob("packages/*/pyproject.toml"))
PYTEST = ("python", "-m", "pytest", "-c", str(ROOT / "pyproject.toml"))
AGAIN = ("--reruns=1", "-raR")
"""Where servers, browsers and agents of others take part: once more, and it is told."""


def classified_pythons() -> list[str]:
    """Return the Pythons that the packages say they run on, oldest first."""
    found: set[str] = set()
    for package in PACKAGES:
        text = (ROOT / "packages" / package / "pyproject.toml").read_text(encoding="utf-8")
        for classifier in tomllib.loads(text)["project"]["classifiers"]:
            if match := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", classifier):
                found.add(match[1])
    return sorted(found, key=lambda version: int(version.split(".")[1]))


def show_pyenv_versions() -> None:
    """Let pyenv's `python3.X` commands start every version installed beside the running one."""
    home = Path(sys.base_prefix).parent
    if home.parts[-2:] != (".pyenv", "versions"):
        return
    versions = [path.name for path in sorted(home.iterdir()) if path.name.startswith("3.")]
    versions.sort(key=lambda version: version != Path(sys.base_prefix).name)
    os.environ["PYENV_VERSION"] = ":".join(versions)


def runs(python: str) -> bool:
    """Tell whether an interpreter of that version is installed and starts."""
    if python == f"{sys.version_info.major}.{sys.version_info.minor}":
        return True
    program = shutil.which(f"python{python}")
    if program is None:
        return False
    return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0


show_pyenv_versions()
PYTHONS = classified_pythons()
INSTALLED = [python for python in PYTHONS if runs(python)]

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
LANES = {
    # The oldest Python; the other ones are the business of CI's matrix, but for the core.
    "packages": [
        "lint",
        "types",
        *(f"tests-{python}" for python in INSTALLED[:1]),
        *(f"tests-{python}(package='persona-core')" for python in INSTALLED[1:][-1:]),
        "docs",
        "ui",
        "wheels",
        "integration",
        "beside",
        # What all others build on; the rest, too, is the business of CI's matrix.
        *(f"minimums(package='persona-{name}')" for name in ("core", "loaders")),
    ],
    "together": ["browser", "agents"],
    "alone": ["bench"],
}
"""The default sessions: two groups that may run side by side, and what must run alone."""

nox.options.sessions = [name for lane in LANES.values() for name in lane]
if chosen := os.environ.get("PERSONA_LANE"):
    nox.options.sessions = LANES[chosen]


def sync(session: nox.Session, *arguments: str) -> None:
    """Install what the arguments of `uv sync` name, at the pinned versions."""
    session.run_install(
        "uv",
        "sync",
        "--quiet",
        f"--python={session.virtualenv.location}",
        *arguments,
        env={"UV_PROJECT_ENVIRONMENT": session.virtualenv.location},
        external=True,
    )


def siblings(package: str) -> list[str]:
    """Return the packages of the workspace that this one needs to run, itself first."""
    needed = [package]
    for name in needed:
        text = (ROOT / "packages" / name / "pyproject.toml").read_text(encoding="utf-8")
        for requirement in tomllib.loads(text)["project"]["dependencies"]:
            other = re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0]
            if other in PACKAGES and other not in needed:
                needed.append(other)
    return needed


def unmarked_boundaries() -> list[str]:
    """Return the places that catch every error, go on, and do not say which boundary they are."""
    found = []
    for file in sorted(ROOT.glob("packages/*/src/**/*.py")):
        text = file.read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.ExceptHandler) or isinstance(node.body[-1], ast.Raise):
                continue
            kinds = getattr(node.type, "elts", [node.type])
            broad = {getattr(kind, "id", None) for kind in kinds} & {"Exception", "BaseException"}
            if node.type is not None and not broad:
                continue
            if "# boundary: " not in lines[node.lineno - 1]:
                found.append(f"{file.relative_to(ROOT)}:{node.lineno}")
    return found


@nox.session(python=PYTHONS, tags=["ci"])
@nox.parametrize("package", PACKAGES)
def tests(session: nox.Session, package: str) -> None:
    """Test one package with only its own dependencies installed."""
    sync(session, "--package", package, "--group", "test")
    # Soaks and floods: once is enough.
    quick = () if session.python == INSTALLED[0] else ("-m", "not slow")
    session.run(*PYTEST, *quick, f"packages/{package}/tests", *session.posargs)


@nox.session(tags=["ci"])
@nox.parametrize("package", PACKAGES)
def minimums(session: nox.Session, package: str) -> None:
    """Test one package with the oldest versions that it says it works with."""
    # The pins of the workspace are for the newest versions: they are left out here.
    options = ("--quiet", "--no-config", "--directory", "packages")
    oldest = [f"./{name}" for name in siblings(package)]
    session.run_install(
        "uv", "pip", "install", *options, "--resolution=lowest-direct", *oldest, external=True
    )
    group = f"{package}/pyproject.toml:test"
    session.run_install("uv", "pip", "install", *options, "--group", group, external=True)
    # Old versions warn about each other; that is not ours to mend.
    options = ("-W", "default", "-m", "not slow")
    session.run(*PYTEST, *options, f"packages/{package}/tests", *session.posargs)


@nox.session(tags=["ci"])
def wheels(session: nox.Session) -> None:
    """Build what is published, install it into a clean environment and test that."""
    dist = Path(session.create_tmp()).resolve() / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    for package in PACKAGES:
        session.run(
            "uv", "build", "--quiet", "--package", package, "--out-dir", str(dist), external=True
        )
    built = sorted(str(wheel) for wheel in dist.glob("*.whl"))
    session.install("--quiet", *built, "jupyterlab", "pytest", "pytest-asyncio")
    session.run(
        *PYTEST,
        "tests-integration/wheels",
        *session.posargs,
        env={"PERSONA_DIST": str(dist)},
    )


@nox.session(tags=["ci"])
def integration(session: nox.Session) -> None:
    """Test the packages together: real servers, real subprocesses, no browser."""
    sync(session, "--group", "integration")
    ignored = [
        f"--ignore=tests-integration/{name}" for name in ("agents", "beside", "browser", "wheels")
    ]
    # The demo needs everything; in the tests of its own package these are left out.
    demo = "packages/persona-cli/tests/test_demo.py"
    session.run(*PYTEST, *AGAIN, "tests-integration", "examples", demo, *ignored, *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Move a persona between engines a hundred times, or as often as the first argument says."""
    sync(session, "--group", "integration")
    times, *others = session.posargs or ["100"]
    env = {"PERSONA_SOAK": times}
    session.run(*PYTEST, "tests-integration/test_swaps.py", *others, env=env)
    if shutil.which("npm") is None:
        return
    # The same between real agents: each moves on to the next, all together as often.
    env = {
        "PERSONA_AGENTS": install_agents(session, "required"),
        "PERSONA_AGENT_NAMES": "required",
        "PERSONA_SOAK": str(4 + int(times) // 7),
    }
    session.run(*PYTEST, "tests-integration/agents/test_swaps.py", *others, env=env)


@nox.session(tags=["ci"])
def browser(session: nox.Session) -> None:
    """Test what a person sees: JupyterLab in headless Chromium, with and without RTC."""
    sync(session, "--group", "browser")
    env = look(session)
    if shutil.which("npm") is not None:
        env["PERSONA_AGENTS"] = install_agents(session, "opencode")
    session.run(*PYTEST, *AGAIN, "tests-integration/browser", *session.posargs, env=env)


@nox.session(tags=["ci"])
def beside(session: nox.Session) -> None:
    """Test what a person sees where Jupyter AI is installed too."""
    # It needs older versions than the pins of the workspace are.
    options = ["--quiet", "--no-config", "--directory", "packages"]
    folder = ROOT / "tests-integration" / "beside"
    options += ["--constraints", str(folder / "constraints.txt")]
    options += ["--group", "../pyproject.toml:beside"]
    wanted = ["jupyter-ai[rtc]==3.2.0", *(f"./{package}" for package in PACKAGES)]
    session.run_install("uv", "pip", "install", *options, *wanted, external=True)
    session.run(*PYTEST, *AGAIN, str(folder), *session.posargs, env=look(session))


def look(session: nox.Session) -> dict[str, str]:
    """Return the environment of tests in a browser: where it is, and where pictures go."""
    shown = session.run("python", "tests-integration/browser/chromium.py", silent=True)
    path = str(shown).strip().splitlines()[-1]
    session.log(f"Chromium: {path}")
    # Kept after the run; in CI they are an artefact of it.
    pictures = os.environ.get("PERSONA_SCREENSHOTS") or f"{session.create_tmp()}/screenshots"
    session.log(f"Screenshots: {pictures}")
    return {"PERSONA_CHROMIUM": path, "PERSONA_SCREENSHOTS": str(Path(pictures).resolve())}


def install_agents(session: nox.Session, names: str) -> str:
    """Install real agents at their pinned versions and return the folder that they are in."""
    folder = str(ROOT / ".tools" / "agents")
    # Those that must be there fail the session; of the others each test tells why it is left out.
    good = range(10) if names == "more" else [0]
    install = ("python", "tests-integration/agents/install.py", folder, names)
    session.run(*install, success_codes=good)
    return folder


def drive_agents(session: nox.Session, group: str, *options: str) -> None:
    """Test the engines on one group of real agents."""
    sync(session, "--group", "integration")
    env = {"PERSONA_AGENTS": install_agents(session, group), "PERSONA_AGENT_NAMES": group}
    session.run(*PYTEST, *AGAIN, *options, "tests-integration/agents", *session.posargs, env=env)


@nox.session(tags=["ci"])
def agents(session: nox.Session) -> None:
    """Test the ACP engines on real agents; everything on all of them with `-- -m ''`."""
    if shutil.which("npm") is None:
        session.skip("npm, of Node.js 20 or later, installs the agents")
    drive_agents(session, "required", "-m", "not slow")


@nox.session(name="agents-more", default=False)
def agents_more(session: nox.Session) -> None:
    """Test the ACP engines on agents that cannot be installed everywhere."""
    drive_agents(session, "more")


@nox.session(tags=["ci"])
def lint(session: nox.Session) -> None:
    """Check style, format and broad excepts, and that nothing built is committed."""
    sync(session, "--only-group", "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    if unmarked := unmarked_boundaries():
        session.error("Name the error, or say `# boundary: reason`:\n" + "\n".join(unmarked))
    if not (ROOT / ".git").exists():
        return
    # Tracked although ignored: somebody forced a built file in.
    listed = session.run("git", "ls-files", "-ci", "--exclude-standard", external=True, silent=True)
    if committed := str(listed or "").strip():
        session.error(f"These files are built, not written; remove them from git:\n{committed}")


@nox.session(tags=["ci"])
def types(session: nox.Session) -> None:
    """Check the types of all packages, and of user code written against them."""
    # The sources are found through `mypy_path`; only what they import is installed.
    sync(session, "--no-install-workspace", "--group", "lint", "--group", "test")
    session.run("mypy", *(f"packages/{package}/src" for package in PACKAGES))
    for folder in sorted(ROOT.glob("packages/*/tests/typing")):
        session.run("mypy", str(folder))


@nox.session(tags=["ci"])
def docs(session: nox.Session) -> None:
    """Build the documentation strictly and run the code in it."""
    sync(session, "--group", "docs")
    site = Path(session.create_tmp()).resolve() / "site"
    # The theme announces its successor at every build.
    session.run(
        "mkdocs", "build", "--strict", "--site-dir", str(site), env={"NO_MKDOCS_2_WARNING": "1"}
    )
    session.run(*PYTEST, "docs", *session.posargs)


@nox.session(tags=["ci"], venv_backend="none")
def ui(session: nox.Session) -> None:
    """Test the TypeScript of the lab extension."""
    if shutil.which("npm") is None:
        session.skip("Node.js 20 or later is needed for the tests of the lab extension")
    session.chdir("packages/persona-jupyter/ui")
    session.run("npm", "ci", "--ignore-scripts", "--no-fund", "--no-audit", external=True)
    session.run("npm", "test", external=True)


@nox.session(tags=["ci"])
def bench(session: nox.Session) -> None:
    """Measure and check the limits: shortly by default, in full with `-- --full --save`."""
    sync(session, "--group", "bench")
    shown = session.run("python", "tests-integration/browser/chromium.py", silent=True)
    env = {"PERSONA_CHROMIUM": str(shown).strip().splitlines()[-1]}
    session.run("python", "-m", "benchmarks", *session.posargs, env=env)


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Give 200,000 broken files to the loaders; the tests of the package give some thousands."""
    sync(session, "--package", "persona-loaders", "--group", "test")
    files = "packages/persona-loaders/tests/test_fuzz_files.py"
    session.run(*PYTEST, "-s", files, *session.posargs, env={"PERSONA_FUZZ": "200000"})


@nox.session(default=False, venv_backend="none")
def pins(session: nox.Session) -> None:
    """Resolve anew and write the exact versions into the root's pyproject.toml."""
    path = ROOT / "pyproject.toml"
    before = path.read_text(encoding="utf-8")
    block = re.compile(r"^constraint-dependencies = \[.*?\]$", re.MULTILINE | re.DOTALL)
    path.write_text(block.sub("constraint-dependencies = []", before), encoding="utf-8")
    try:
        session.run("uv", "lock", "--quiet", "--upgrade", external=True)
        exported = session.run(
            *("uv", "export", "--quiet", "--all-packages", "--all-extras", "--all-groups"),
            *("--no-hashes", "--no-annotate", "--no-header", "--no-emit-workspace"),
            external=True,
            silent=True,
        )
    except BaseException:
        path.write_text(before, encoding="utf-8")
        raise
    lines = [line.strip() for line in str(exported).splitlines() if "==" in line]
    names = [line.split("==")[0] for line in lines]
    # Where there is one version for all, where it is needed is the resolver's business.
    lines = [
        line if names.count(name) > 1 else line.split(" ; ")[0]
        for name, line in zip(names, lines, strict=True)
    ]
    listed = "".join(f"    {json.dumps(line)},\n" for line in sorted(lines, key=str.lower))
    pinned = f"constraint-dependencies = [\n{listed}]"
    path.write_text(block.sub(lambda _: pinned, before), encoding="utf-8")
    session.run("uv", "lock", "--quiet", external=True)
    session.log(f"{len(lines)} packages pinned")
