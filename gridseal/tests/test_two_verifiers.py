"""Two implementations that share no code come to the same checks, on good files and on bent ones."""

import hashlib
import json
import random
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from rich.console import Console

from gridseal.cli.verify import REFUTED, verify_file
from gridseal.errors import WireError
from gridseal.notary.check import check_offline
from gridseal.notary.origin import check_inputs
from gridseal.notary.pins import Pins, check_pins
from gridseal.notary.proof_file import read_proof
from gridseal.wire.codec import encode

from .test_check import a_proof

ROOT = Path(__file__).resolve().parents[2]
NODE = Path(sysconfig.get_path("scripts")) / "node"
CLI = ROOT / "blockchain" / "verify" / "cli.ts"
BENT_FILES = 200


def in_python(payload: bytes) -> list[tuple[str, bool, str]] | None:
    """The checks, or None for a file that is refused."""
    try:
        return [(c.name, c.passed, c.detail) for c in check_offline(read_proof(payload))]
    except WireError:
        return None


def in_typescript(files: list[Path], *options: str) -> list[list[tuple[str, bool, str]] | None]:
    done = subprocess.run(
        [str(NODE), str(CLI), "--json", *options, *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert not done.stderr, done.stderr
    told = [json.loads(line)["checks"] for line in done.stdout.splitlines()]
    return [[(c["name"], c["passed"], c["detail"]) for c in checks] or None for checks in told]


def test_both_compare_what_the_reader_knows(tmp_path: Path) -> None:
    proof, path = a_proof(), tmp_path / "proof.json"
    path.write_bytes(encode(proof))
    right = ["--chain-id", "31337", "--registry", proof.erc8281.contract.lower(), "--authority", proof.authority]
    wrong = ["--chain-id", "1", "--registry", "0x" + "ee" * 20, "--authority", "0x" + "ee" * 20]
    for options, passed in ((right, True), (wrong, False)):
        pins = Pins(int(options[1]), options[3], options[5])
        python = [(c.name, c.passed, c.detail) for c in check_pins(proof, pins)]
        [typescript] = in_typescript([path], *options)

        assert typescript is not None
        assert typescript[-3:] == python
        assert [ok for _, ok, _ in python] == [passed] * 3
    assert list(check_pins(proof, Pins())) == []


def test_both_check_inputs_that_stand_beside_the_file(tmp_path: Path) -> None:
    content, path = b"home-01/load\0" + bytes(24), tmp_path / "proof.json"
    proof = a_proof(feature_hash="0x" + hashlib.sha256(content).hexdigest())
    path.write_bytes(encode(proof))
    for inputs in (content, content[:-1]):
        beside = tmp_path / "inputs.bin"
        beside.write_bytes(inputs)
        python = check_inputs(proof, inputs)
        [typescript] = in_typescript([path], "--inputs", str(beside))

        assert typescript is not None
        assert typescript[-1] == (python.name, python.passed, python.detail)
        assert (python.name, python.passed) == ("inputs", inputs == content)
        assert (verify_file(path, None, Console(quiet=True), inputs=beside) == REFUTED) is not python.passed


def test_a_pin_that_is_no_address_is_refused_by_both(tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    path.write_bytes(encode(a_proof()))
    options = [str(path), "--registry", "0xabc"]
    commands = ([str(NODE), str(CLI), *options], [str(NODE.parent / "gridseal"), "verify", *options])

    assert [subprocess.run(c, capture_output=True, check=False, timeout=60).returncode for c in commands] == [2, 2]


def bent(dice: random.Random, text: str) -> str:
    """The file with one value replaced somewhere, mostly by one of the same kind."""
    content = json.loads(text)
    holder: Any = content
    while True:
        key = dice.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        value = holder[key]
        if isinstance(value, (dict, list)) and value and dice.random() < 0.95:
            holder = value
            continue
        holder[key] = replaced(dice, value)
        if isinstance(holder, dict) and dice.random() < 0.05:
            del holder[key]
        return json.dumps(content)


def replaced(dice: random.Random, value: Any) -> Any:
    strange = (None, True, -1, 0, 2**63, 2**64, 2**256, "", "0x", "0x00", "é", [], {}, [[]], "2026-02-30T00:00:00Z")
    if isinstance(value, bool) or dice.random() < 0.25:
        return dice.choice(strange)
    if isinstance(value, int):
        return value + dice.choice((-1, 1, 2**32, -(2**63)))
    if isinstance(value, str) and value:
        at = dice.randrange(len(value))
        return value[:at] + dice.choice("0123456789abcdefABZ:.-/+= ") + value[at + 1 :]
    return dice.choice(strange)


def test_both_make_the_same_checks_and_refuse_the_same_files(tmp_path: Path) -> None:
    good = encode(a_proof()).decode()
    dice = random.Random(20_260_601)
    texts = [
        good,
        good.replace('"version":1,', '"version":1,"version":1,', 1),
        *(bent(dice, good) for _ in range(BENT_FILES)),
    ]
    files = [tmp_path / f"{i}.json" for i in range(len(texts))]
    for path, text in zip(files, texts, strict=True):
        path.write_text(text)

    python, typescript = [in_python(t.encode()) for t in texts], in_typescript(files)

    assert len(typescript) == len(python)
    apart = [(p, a, b) for p, a, b in zip(files, python, typescript, strict=True) if a != b]
    assert not apart, f"{len(apart)} of {len(files)}, such as {apart[0][0].read_text()}: {apart[0][1:]}"
    refused, failed = sum(p is None for p in python), sum(any(not c[1] for c in p) for p in python if p)
    assert min(refused, failed) > BENT_FILES // 10, "the bent files should try both refusing and failing"
