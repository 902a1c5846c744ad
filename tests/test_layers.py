"""Imports go one way, `core <- lambdas <- sandbox <- command line`, and importing does nothing."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TREES = {
    "postwright": ROOT / "src",
    **dict.fromkeys(("lambdas", "sandbox", "statemachine", "infra"), ROOT),
}

# The modules of the core that own an AWS resource. Nothing else in the core may talk to AWS.
OWN_AN_AWS_RESOURCE = {"aws", "store", "media", "tokens", "executions", "alarms"}

# Tables that the stack is made of too.
SHARED = ("postwright.routes", "postwright.function_limits")

# Not while a module is imported: reading the environment, making clients, calling out.
NOT_AT_IMPORT = (
    "os.environ",
    "os.getenv",
    "boto3.",
    "httpx.Client",
    "httpx.AsyncClient",
    "httpx.get",
    "httpx.post",
    "socket.",
    "subprocess.",
    "threading.Thread",
    "multiprocessing.Process",
)


@dataclass(frozen=True)
class Module:
    name: str
    tree: ast.Module
    is_package: bool

    def within(self, *packages: str) -> bool:
        return any(self.name == p or self.name.startswith(f"{p}.") for p in packages)

    @property
    def is_cli(self) -> bool:
        """`postwright.cli`, `postwright.cli.publish`, `postwright.cli_publish`: the top layer."""
        parts = self.name.split(".")
        return parts[0] == "postwright" and len(parts) > 1 and parts[1].startswith("cli")

    @property
    def is_core(self) -> bool:
        return self.within("postwright") and not self.is_cli

    def imports(self) -> set[str]:
        """Everything it imports, as dotted names; `from a import b` counts as `a` and `a.b`."""
        return {name for node in ast.walk(self.tree) for name in self._imported(node)}

    def _imported(self, node: ast.AST) -> Iterator[str]:
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                source = self._resolve(module, level)
                yield source
                yield from (f"{source}.{alias.name}" for alias in names)

    def _resolve(self, module: str | None, level: int) -> str:
        if level == 0:
            return module or ""
        steps_up = level - 1 if self.is_package else level
        base = self.name.split(".")[: len(self.name.split(".")) - steps_up]
        return ".".join([*base, *([module] if module else [])])


@pytest.fixture(scope="module")
def modules() -> list[Module]:
    return [
        parse(file, root)
        for package, root in TREES.items()
        for file in sorted((root / package).rglob("*.py"))
    ]


def parse(file: Path, root: Path) -> Module:
    parts = file.relative_to(root).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    return Module(name, ast.parse(file.read_text()), is_package)


def is_in(imported: str, *packages: str) -> bool:
    return any(imported == p or imported.startswith(f"{p}.") for p in packages)


def crossings(module: Module, *packages: str) -> list[str]:
    """The imports of `module` that reach into `packages`."""
    return [f"{module.name} imports {name}" for name in module.imports() if is_in(name, *packages)]


def test_every_tree_is_looked_at(modules: list[Module]) -> None:
    assert {module.name.split(".")[0] for module in modules} == TREES.keys()


def test_the_core_imports_nothing_above_it(modules: list[Module]) -> None:
    wrong = [
        crossing
        for module in modules
        if module.is_core
        for crossing in crossings(module, "lambdas", "sandbox", "statemachine", "infra", "tests")
    ]

    assert wrong == []


def test_the_pictures_need_the_library_alone(modules: list[Module]) -> None:
    wrong = [
        crossing
        for module in modules
        if module.within("statemachine")
        for crossing in crossings(module, "lambdas", "sandbox", "infra", "tests")
    ]

    assert wrong == []


def test_only_the_command_line_imports_the_command_line(modules: list[Module]) -> None:
    wrong = [
        f"{module.name} imports {name}"
        for module in modules
        if not module.is_cli
        for name in module.imports()
        if name.startswith("postwright.cli")
    ]

    assert wrong == []


def test_the_command_line_goes_through_the_library_not_the_functions(modules: list[Module]) -> None:
    cli = [module for module in modules if module.is_cli]

    assert cli
    assert [crossing for module in cli for crossing in crossings(module, "lambdas")] == []


def test_a_function_imports_the_library_and_no_other_function(modules: list[Module]) -> None:
    wrong = [
        crossing
        for module in modules
        if module.within("lambdas")
        for crossing in crossings(module, "lambdas", "sandbox", "infra", "tests")
    ]

    assert wrong == []


def test_the_sandbox_is_below_infrastructure_and_tests(modules: list[Module]) -> None:
    wrong = [
        crossing
        for module in modules
        if module.within("sandbox")
        for crossing in crossings(module, "infra", "tests")
    ]

    assert wrong == []


def test_infrastructure_imports_the_cdk_and_itself_alone(modules: list[Module]) -> None:
    """What is shared with the library imports nothing itself."""
    allowed = {"infra", "aws_cdk", "cdk_nag", "constructs", *sys.stdlib_module_names}
    wrong = [
        f"{module.name} imports {name}"
        for module in modules
        if module.within("infra")
        for name in module.imports()
        if name.partition(".")[0] not in allowed and not is_in(name, *SHARED)
    ]
    shared = [module for module in modules if module.within(*SHARED)]

    assert wrong == []
    assert len(shared) == len(SHARED)
    for module in shared:
        assert {name.partition(".")[0] for name in module.imports()} <= sys.stdlib_module_names


def test_the_simulated_instagram_shares_no_code_with_the_library(modules: list[Module]) -> None:
    """Were the rules shared, both sides would be wrong together and no test would see it."""
    instagram = [module for module in modules if module.within("sandbox.instagram")]

    assert instagram
    assert [c for module in instagram for c in crossings(module, "postwright", "lambdas")] == []


def test_no_function_reaches_the_repair_of_files(modules: list[Module]) -> None:
    """PyAV with its FFmpeg is large, and a function could not hold a film anyway."""
    by_name = {module.name: module for module in modules}
    pending = [module.name for module in modules if module.within("lambdas")]
    reached: set[str] = set()
    while pending:
        module = by_name[pending.pop()]
        reached.add(module.name)
        pending += (module.imports() & by_name.keys()) - reached

    assert "postwright.preflight" in reached
    assert [name for name in reached if name.startswith("postwright.repair")] == []
    assert [c for name in reached for c in crossings(by_name[name], "av")] == []


def test_aws_is_called_only_where_a_resource_is_owned(modules: list[Module]) -> None:
    wrong = [
        crossing
        for module in modules
        if module.is_core and not module.within(*(f"postwright.{m}" for m in OWN_AN_AWS_RESOURCE))
        for crossing in crossings(module, "boto3", "botocore")
    ]

    assert wrong == []


def test_importing_does_nothing(modules: list[Module]) -> None:
    wrong = [
        f"{module.name}:{node.lineno}: {ast.unparse(node)}"
        for module in modules
        for node in run_at_import(module.tree.body)
        if is_an_effect(node)
    ]

    assert wrong == []


def run_at_import(statements: list[ast.stmt]) -> Iterator[ast.expr]:
    """What importing evaluates: not the bodies of functions, not `if __name__ == "__main__"`."""
    pending: list[ast.AST] = list(statements)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            pending += [*node.decorator_list, *node.args.defaults]
            pending += [default for default in node.args.kw_defaults if default]
        elif isinstance(node, ast.Lambda) or is_main_guard(node):
            continue
        else:
            if isinstance(node, ast.expr):
                yield node
            pending += ast.iter_child_nodes(node)


def is_main_guard(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "__name__" in {
        n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)
    }


def is_an_effect(node: ast.expr) -> bool:
    """A read of the environment, or a call to one of the things that reach outside."""
    called = node.func if isinstance(node, ast.Call) else node
    name = ast.unparse(called)
    if name in {"os.environ", "environ", "getenv"}:
        return True
    return isinstance(node, ast.Call) and name.startswith(NOT_AT_IMPORT)


@pytest.mark.parametrize(
    ("source", "effects"),
    [
        ("import boto3\ntable = boto3.resource('dynamodb')", 1),
        ("import os\nclass A:\n    region = os.environ['AWS_REGION']", 1),
        ("import os\ndef f(region=os.getenv('AWS_REGION')): ...", 1),
        ("import os\ndef f():\n    return os.environ['AWS_REGION']", 0),
        ("import os\nif __name__ == '__main__':\n    print(os.environ)", 0),
    ],
)
def test_the_check_of_imports_has_teeth(source: str, effects: int) -> None:
    found = [n for n in run_at_import(ast.parse(source).body) if is_an_effect(n)]

    assert len(found) == effects
