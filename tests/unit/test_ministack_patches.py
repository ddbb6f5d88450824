"""The page about the patches has those that are made, to the ministack that is locked."""

import ast
import re

from tests.support.ministack_patches import README, REPOSITORY, patches


def test_the_page_lists_every_patch_in_the_order_in_which_they_are_made() -> None:
    program = ast.parse((README.parent / "__main__.py").read_text())
    made = next(node for node in program.body if isinstance(node, ast.AnnAssign))
    assert isinstance(made.value, ast.Tuple)
    names = [ast.unparse(each) for each in made.value.elts]
    assert [f"{patch.module}.{patch.name}" for patch in patches()] == names


def test_every_patch_has_documentation_and_a_test() -> None:
    for patch in patches():
        file, _, test = patch.test.partition("::")
        assert f"def {test}(" in (REPOSITORY / file).read_text(), patch
        assert "](https://docs.aws.amazon.com/" in patch.documentation or patch.name in (
            "own_port_only",  # about our machine
            "layers_unpacked_once",  # saves time only
        )


def test_the_page_is_about_the_version_that_is_locked() -> None:
    """Whoever raises it runs `make gaps`, and then names it there."""
    lock = (REPOSITORY / "requirements" / "localaws.txt").read_text()
    (version,) = re.findall(r"^ministack==(\S+)", lock, re.MULTILINE)
    assert set(re.findall(r"\b\d+\.\d+\.\d+\b", README.read_text())) == {version}
