"""The documents are true: links lead somewhere, commands exist, every setting is in a table."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.DOTALL | re.MULTILINE)
INLINE_CODE = re.compile(r"`[^`\n]+`")
LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|^\[[^\]]+\]:\s+(\S+)", re.M)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)

DECLARED_TARGET = re.compile(r"^([a-z][a-z-]*):.*?## (.+)$", re.MULTILINE)
PHONY_TARGETS = re.compile(r"^\.PHONY:(.*)$", re.MULTILINE)
# `make check test`, at the start of a line or of an inline code, or after a prompt, `&&` or `;`.
MAKE_CALL = re.compile(r"(?:^|[`$;&])\s*make((?: +[a-z][a-z-]*(?![\w=./-]))+)", re.MULTILINE)

VARIABLE = re.compile(r"\bPOSTWRIGHT_[A-Z][A-Z_]*[A-Z]\b")
SETTINGS_ROW = re.compile(r"^\|\s*`(POSTWRIGHT_[A-Z_]+)[`=]", re.MULTILINE)

# Written in two halves, so that this file does not contain what it looks for.
PACKAGE_HOSTS = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "crates" + ".io",
    "ruby" + "gems.org",
    "golang" + ".org",
    "maven" + ".org",
]
PRIVATE_PATH = re.compile(rb"(?<![\w.-])/" + rb"work/")


@cache
def tracked() -> tuple[Path, ...]:
    """What is in git or about to be: ignored files are not looked at. Empty outside a checkout."""
    git = shutil.which("git")
    if git is None:
        return ()
    listing = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=60,
    )
    if listing.returncode != 0:
        return ()
    files = (ROOT / name for name in listing.stdout.decode().split("\0") if name)
    return tuple(file for file in files if file.is_file())


def documents() -> list[Path]:
    """All Markdown files of the repository."""
    return [f for f in tracked() if f.suffix == ".md"] or [
        *ROOT.glob("*.md"),
        *(f for f in ROOT.glob("[a-z]*/**/*.md") if "build" not in f.parts),
    ]


def links(document: Path) -> Iterator[str]:
    prose = INLINE_CODE.sub("", FENCE.sub("", document.read_text()))
    for match in LINK.finditer(prose):
        yield match[1] or match[2]


def anchors(document: Path) -> set[str]:
    """The names by which headings are linked to: lower case, hyphens, no punctuation."""
    headings = HEADING.findall(FENCE.sub("", document.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_somewhere(link: str, document: Path) -> bool:
    if re.match(r"[a-z][a-z+.-]*:", link):
        return True  # another site: not ours to keep alive, and the tests use no network
    path, _, anchor = link.partition("#")
    target = (document.parent / path).resolve() if path else document
    if not target.exists():
        return False
    return not anchor or target.suffix != ".md" or anchor in anchors(target)


def test_links_lead_somewhere() -> None:
    broken = [
        f"{document.relative_to(ROOT)}: {link}"
        for document in documents()
        for link in links(document)
        if not leads_somewhere(link, document)
    ]

    assert broken == []


def test_every_document_in_docs_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}

    there = {file for file in documents() if file.parent == index.parent and file != index}

    assert there - linked == set()


# Commands.


def declared_targets() -> set[str]:
    return {name for name, _ in DECLARED_TARGET.findall((ROOT / "Makefile").read_text())}


def named_targets(document: Path) -> set[str]:
    """Targets in calls of make, in code only: "make sure" in a sentence is not one."""
    text = document.read_text()
    fenced = [match[0] for match in FENCE.finditer(text)]
    inline = INLINE_CODE.findall(FENCE.sub("", text))
    calls = [call for code in [*fenced, *inline] for call in MAKE_CALL.findall(code)]
    return {target for call in calls for target in call.split()}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_named_make_targets_exist(name: str) -> None:
    named = named_targets(ROOT / name)

    assert named, f"{name} names no make target, or this test does not see them"
    assert named - declared_targets() == set()


def test_every_make_target_says_what_it_does() -> None:
    phony = PHONY_TARGETS.findall((ROOT / "Makefile").read_text())

    assert {target for line in phony for target in line.split()} == declared_targets()


def test_make_help_lists_every_target() -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")

    shown = subprocess.run(
        [make, "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout

    assert {line.split()[1] for line in shown.splitlines()} == declared_targets()


# Settings.


def variables_of_the_settings() -> set[str]:
    from postwright.settings import Settings

    return {str(field.alias) for field in Settings.model_fields.values()}


def variables_in_code() -> dict[str, list[str]]:
    """Each variable's name that our code contains, and where."""
    found: dict[str, list[str]] = {}
    files = [
        file
        for folder in ("src", "lambdas", "sandbox", "statemachine", "examples", "infra", "web")
        for file in (ROOT / folder).rglob("*")
        if file.suffix in {".py", ".json", ".js", ".html", ".sh"}
    ]
    for file in [*files, ROOT / "Makefile", ROOT / ".ci" / "run"]:
        for name in VARIABLE.findall(file.read_text()):
            found.setdefault(name, []).append(str(file.relative_to(ROOT)))
    return found


def documented_variables() -> set[str]:
    """The first cells of the settings tables. The table of decisions is not one of them."""
    tables = [d for d in documents() if d.name != "decisions.md"]
    return {name for table in tables for name in SETTINGS_ROW.findall(table.read_text())}


def test_every_setting_is_an_environment_variable_of_ours() -> None:
    names = variables_of_the_settings()

    assert names
    assert {name for name in names if not VARIABLE.fullmatch(name)} == set()


def test_every_setting_is_documented() -> None:
    assert variables_of_the_settings() - documented_variables() == set()


def test_every_documented_setting_exists() -> None:
    assert documented_variables() - variables_in_code().keys() == set()


def test_code_knows_no_undocumented_variable() -> None:
    documented = documented_variables()
    unknown = {n: files for n, files in variables_in_code().items() if n not in documented}

    assert unknown == {}


# What must not be in the repository.


def test_no_file_names_a_package_host_or_a_private_path() -> None:
    if not tracked():
        pytest.skip("not a git checkout")
    hosts = re.compile("|".join(map(re.escape, PACKAGE_HOSTS)).encode())

    wrong = [
        f"{file.relative_to(ROOT)}: {match[0].decode()}"
        for file in tracked()
        for pattern in (hosts, PRIVATE_PATH)
        if (match := pattern.search(file.read_bytes()))
    ]

    assert wrong == []
